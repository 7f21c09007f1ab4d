//! Calls that may break an invariant: a panic becomes an error with the code of our own bugs.
//!
//! The message of a panic inside such a call is kept for the error and not printed; panics
//! elsewhere are reported as ever.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::base::codes::Code;
use crate::model::trial::TrialError;

thread_local! {
    /// `Some` while this thread is inside [`call`]: what the last panic said, and where.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `f`; a panic inside becomes VX9001.
pub(crate) fn call<T>(f: impl FnOnce() -> Result<T, TrialError>) -> Result<T, TrialError> {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !SAID.with_borrow_mut(|said| note(said, info)) {
                before(info);
            }
        }));
    });
    SAID.set(Some(String::new()));
    // Nothing that `f` borrowed is looked at after a panic, but for whole counts not yet added.
    let caught = panic::catch_unwind(AssertUnwindSafe(f));
    let said = SAID.take().unwrap_or_default();
    caught.unwrap_or_else(|_| {
        Err(TrialError {
            code: Code::BROKEN_INVARIANT,
            message: format!("an invariant broke, a bug of ours: {said}"),
        })
    })
}

/// Keeps what a panic says if this thread is inside a call.
fn note(said: &mut Option<String>, info: &PanicHookInfo<'_>) -> bool {
    let Some(said) = said else {
        return false;
    };
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let place = info
        .location()
        .map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
    *said = format!("{}{place}", text.replace(char::is_control, " "));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_says_what_and_where() {
        let result: Result<(), _> = call(|| panic!("busy cores {} of 8", 9));
        let error = result.unwrap_err();
        assert_eq!(error.code, Code::BROKEN_INVARIANT);
        assert!(
            error.message.contains("busy cores 9 of 8 (src"),
            "{}",
            error.message
        );
        assert_eq!(call(|| Ok(7)), Ok(7));
    }
}
