//! The system as it stood at one moment, or one worker of it.

use super::super::incidents::seconds;
use super::super::show;
use super::super::table::{Align, Table};
use crate::base::units::print_bytes;
use crate::model::incident::{State, WorkerState};
use crate::model::spec::SystemSpec;

/// Rows of workers; the rest is counted.
const MOST: usize = 60;

/// Balancers and workers at a moment; of workers only `only`, if there is one (by its number in
/// the system).
pub fn at(spec: &SystemSpec, state: &State, only: Option<usize>) -> String {
    let mut text = format!(
        "at {}: {} requests born, {} about to try again\n",
        seconds(state.at),
        show::grouped(state.born),
        show::grouped(state.pausing)
    );
    for (service, balancer) in spec.services.iter().zip(&state.balancers) {
        if service.balancer.dispatch.is_some() || balancer.waiting > 0 {
            text.push_str(&format!(
                "balancer of {}: {} waiting, {} being dispatched\n",
                service.name,
                show::grouped(balancer.waiting),
                show::grouped(balancer.dispatching)
            ));
        }
    }
    let mut table = Table::new(&[
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
        Align::Left,
    ]);
    table.row([
        "worker",
        "waiting",
        "cores busy",
        "RAM held",
        "speed",
        "breaker",
        "state",
    ]);
    let all = state.workers.iter().enumerate();
    let shown: Vec<_> = all
        .filter(|(i, _)| only.is_none_or(|only| only == *i))
        .collect();
    for (number, worker) in shown.iter().take(MOST) {
        table.row(row(&spec.worker_name(*number), worker));
    }
    text.push_str(&table.print());
    if shown.len() > MOST {
        text.push_str(&format!("and {} more workers\n", shown.len() - MOST));
    }
    text
}

fn row(name: &str, worker: &WorkerState) -> [String; 7] {
    let waiting = show::grouped(worker.waiting);
    let ram = match worker.ram {
        0 => String::new(),
        ram if ram < 1 << 20 => print_bytes(ram),
        ram => format!("{} MiB", ram >> 20),
    };
    let state = match worker {
        w if w.cores == 0 => "not there",
        w if w.downs > 0 => "down",
        w if w.wedged => "wedged",
        w if w.speed == 0.0 => "paused",
        _ => "up",
    };
    let cores = match worker.cores >= u64::from(u32::MAX) {
        true => show::grouped(worker.busy),
        false => format!("{} of {}", worker.busy, worker.cores),
    };
    [
        name.to_owned(),
        match worker.slots {
            Some(slots) => format!("{waiting} of {}", show::grouped(slots)),
            None => waiting,
        },
        cores,
        ram,
        show::digits(worker.speed, 3),
        worker
            .breaker
            .map_or(String::new(), |b| b.word().to_owned()),
        state.to_owned(),
    ]
}
