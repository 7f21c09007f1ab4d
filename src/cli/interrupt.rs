//! Signals that end a run: the first asks it to stop, the second ends the process at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::Exit;

/// Whether a run was asked to stop, and by what.
#[derive(Debug, Default)]
pub struct Interrupt {
    stop: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Listens from now on. Where the system does not allow it, signals do what they always do.
    pub fn listen() -> Interrupt {
        let interrupt = Interrupt::default();
        for (signal, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
            // Nothing is lost but the orderly end.
            let _ = interrupt.hear(signal, exit);
        }
        interrupt
    }

    /// The order counts: the first signal passes the exit, and then opens it.
    fn hear(&self, signal: i32, exit: Exit) -> io::Result<()> {
        let number = exit.number();
        flag::register_conditional_shutdown(signal, number.into(), Arc::clone(&self.stop))?;
        flag::register_usize(signal, Arc::clone(&self.signal), number.into())?;
        flag::register(signal, Arc::clone(&self.stop))?;
        Ok(())
    }

    /// Set once the run is to stop.
    pub fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    /// How a run ends that was asked to stop; `None`: it was not.
    pub fn exit(&self) -> Option<Exit> {
        let asked = self.stop.load(Ordering::Relaxed);
        let number = self.signal.load(Ordering::Relaxed);
        asked.then_some(match number == usize::from(Exit::Terminated.number()) {
            true => Exit::Terminated,
            false => Exit::Interrupted,
        })
    }
}
