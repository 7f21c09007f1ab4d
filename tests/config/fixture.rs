//! A folder with files, what loading them says, and the snapshot it is held against.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use veltrix::config::{self, Checked, Diagnostics, Loaded, LoadedModel, Overrides, Style};

/// A model with every block that matters.
pub const MODEL: &str = r#"title = "base"

[source.web]
to       = "events"
arrivals = { process = "mmpp", rates = ["370/s", "490/s"], dwell = ["3s", "1s"] }
client   = { timeout = "250ms", retry = { attempts = 3, base = "10ms", cap = "200ms" } }

[[source.web.class]]
name   = "click"
weight = 0.9
size   = { dist = "lognormal", mean = "2KiB", cv = 1.0 }

[[source.web.class]]
name   = "upload"
weight = 0.1
size   = { dist = "pareto", min = "8KiB", shape = 1.6, max = "1MiB" }

[service.events]
work   = { cpu = { dist = "lognormal", mean = "3ms", cv = 1.2 }, per_kib = "0.12ms" }
memory = { base = "64MiB", per_byte = 3.0 }

[service.events.balancer]
policy   = "p2c"
dispatch = "80us"
cores    = 4
buffer   = { slots = 12000 }
breaker  = { kind = "resilience4j", window = 100, failure_share = 0.5, open_for = "5s" }

[[service.events.workers]]
name   = "big"
count  = 5
cores  = 8
ram    = "64GiB"
buffer = { slots = 128 }

[[service.events.workers]]
name   = "small"
count  = 2
cores  = 2
ram    = "4GiB"

[[fault]]
kind   = "slow"
target = "events[3]"
factor = 0.5
at     = "7s"
for    = "20s"

[prices]
core_hour = 0.03
gib_hour  = 0.003
"#;

/// An experiment on [`MODEL`].
pub const EXPERIMENT: &str = r#"title   = "a question"
seed    = 14
horizon = "60s"
warm_up = "5s"

[[variant]]
name  = "before"
model = "model.toml"

[[variant]]
name  = "after"
model = "model.toml"
set   = { "service.events.workers.big.buffer.slots" = 16 }

[sweep]
for = ["after"]
"service.events.workers.big.count" = { from = 3, to = 5, steps = 3 }
"service.events.workers.big.ram" = ["16GiB", "64GiB"]

[objective]
for        = ["after"]
subject_to = ["latency_p99 < 50ms", "loss < 0.0001"]
"#;

/// A folder of its own, gone when dropped.
pub struct Folder {
    path: PathBuf,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Folder {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("veltrix-config-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder");
        let folder = Folder { path };
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path.join(name), bytes).expect("written");
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A text with this folder's path taken out.
    pub fn tidy(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.path.display()), "")
    }

    pub fn load(&self, name: &str, set: &[&str]) -> Result<Loaded, String> {
        config::load(&self.join(name), &overrides(set)).map_err(|d| self.said(&d))
    }

    pub fn model(&self, name: &str) -> Result<LoadedModel, String> {
        config::load_model(&self.join(name), &[]).map_err(|d| self.said(&d))
    }

    pub fn check(&self, name: &str) -> Result<Checked, Diagnostics> {
        config::check_file(&self.join(name), &Overrides::default())
    }

    pub fn said(&self, diagnostics: &Diagnostics) -> String {
        let text = self.tidy(&diagnostics.render(Style::Plain));
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(
            !text.chars().any(raw),
            "a control character came through: {text:?}"
        );
        text
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

pub fn overrides(set: &[&str]) -> Overrides {
    Overrides {
        set: set.iter().map(|s| (*s).to_owned()).collect(),
        ..Overrides::default()
    }
}

/// What a model made of these files says when it is refused.
pub fn refusal(model: &str) -> String {
    let folder = Folder::new(&[("model.toml", model)]);
    folder
        .model("model.toml")
        .map(|_| ())
        .err()
        .unwrap_or_default()
}

/// What an experiment on [`MODEL`] says when it is refused.
pub fn experiment_refusal(experiment: &str, set: &[&str]) -> String {
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", experiment)]);
    folder
        .load("e.toml", set)
        .map(|_| ())
        .err()
        .unwrap_or_default()
}

/// The same text with a piece replaced, which must be there.
pub fn with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old:?} is not in the text");
    text.replacen(old, new, 1)
}

/// Fails unless every word is in the text.
pub fn names(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not named in:\n{text}");
    }
}

/// Holds a text against `tests/snapshots/config/NAME.txt`.
pub fn snapshot(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/config");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("VELTRIX_UPDATE").is_some() {
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(&path, text).expect("written");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{name}: changed; VELTRIX_UPDATE=1 accepts it\n--- kept\n{kept}\n--- now\n{text}"
    );
}
