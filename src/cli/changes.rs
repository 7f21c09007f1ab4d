//! What the options of a command change about its files: as `config` takes it, and as words that
//! say it again.

use super::common_args::Changes;
use super::host::quoted;
use super::source::Overrides;

impl Changes {
    /// What they say over the file.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            set: self.set.clone(),
            seed: self.seed.map(|n| n.to_string()),
            replications: self.replications.map(|n| n.to_string()),
            horizon: self.horizon.clone(),
        }
    }

    /// The options as a shell reads them back, in one order.
    pub fn words(&self) -> Vec<String> {
        let named = |name: &str, value: &str| format!("--{name} {}", quoted(value));
        let mut all: Vec<String> = self.set.iter().map(|set| named("set", set)).collect();
        all.extend(self.seed.map(|n| named("seed", &n.to_string())));
        let replications = self.replications.map(|n| n.to_string());
        all.extend(replications.map(|n| named("replications", &n)));
        all.extend(self.horizon.as_ref().map(|t| named("horizon", t)));
        all
    }
}
