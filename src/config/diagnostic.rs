//! What is wrong with the input: numbered, with a place and a way out.

use std::fmt;

use crate::base::codes::Code;

use super::files::{Files, Span};
use super::render;

/// Most diagnostics of one run that are shown; the others are counted.
pub const MOST_SHOWN: usize = 20;

/// So many problems are remembered: a file that is nothing but mistakes must not fill the memory.
pub const MOST_KEPT: usize = 1_000;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is run.
    Error,
    /// It is run, but probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// Where the cause lies; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A file or an argument is wrong.
    Input,
    /// More is asked for than allowed.
    Limit,
    /// The system refuses.
    Io,
}

/// A place with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to see there.
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The numbered code.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// Where the cause lies.
    pub class: Class,
    /// One line without full stop.
    pub message: String,
    /// The place itself, then others that matter.
    pub labels: Vec<Label>,
    /// A way out.
    pub help: Option<String>,
    /// Dotted path of the key that it is about.
    pub path: Option<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            class: Class::Input,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            path: None,
        }
    }

    /// A warning without a place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// With a place; the first one given is the main one.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        let text = text.into();
        self.labels.push(Label { span, text });
        self
    }

    /// With a way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// About this key.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.path = Some(path.into());
        self
    }

    /// Of another class than [`Class::Input`].
    #[must_use]
    pub fn class(mut self, class: Class) -> Diagnostic {
        self.class = class;
        self
    }

    /// The main place.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|l| l.span)
    }

    /// Whether it stops the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Problems with the texts they point into.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    /// In file order, those without a place first.
    pub list: Vec<Diagnostic>,
    files: Box<Files>,
}

/// Whether terminal colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With terminal colours.
    Coloured,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for Diagnostics {}

impl Diagnostics {
    /// In file order, those without a place first.
    pub fn new(mut list: Vec<Diagnostic>, files: Files) -> Diagnostics {
        list.sort_by_cached_key(|d| {
            let span = d.span()?;
            let (line, column) = files.position(span);
            Some((files.first_of_name(span), line, column))
        });
        Diagnostics {
            list,
            files: Box::new(files),
        }
    }

    /// How many stop the run.
    pub fn error_count(&self) -> usize {
        self.list.iter().filter(|d| d.is_error()).count()
    }

    /// The class of all together: trouble with the system goes before the rest.
    pub fn class(&self) -> Class {
        let errors = self.list.iter().filter(|d| d.is_error());
        errors.map(|d| d.class).max().unwrap_or(Class::Input)
    }

    /// The first [`MOST_SHOWN`] as a terminal shows them, then how many more there are.
    pub fn render(&self, style: Style) -> String {
        let mut out = String::new();
        for diagnostic in self.list.iter().take(MOST_SHOWN) {
            out.push_str(&render::one(diagnostic, &self.files, style));
            out.push_str("\n\n");
        }
        match self.list.len().saturating_sub(MOST_SHOWN) {
            0 => {}
            more if self.list.len() >= MOST_KEPT => {
                out.push_str(&format!("and {more} more, if not still more\n\n"));
            }
            more => out.push_str(&format!("and {more} more\n\n")),
        }
        out.truncate(out.trim_end().len());
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    /// `model.toml:3:1` of a diagnostic, when it has a place.
    pub fn place(&self, diagnostic: &Diagnostic) -> Option<(String, usize, usize)> {
        let span = diagnostic.span()?;
        let (line, column) = self.files.position(span);
        Some((self.files.text(span).name.clone(), line, column))
    }
}
