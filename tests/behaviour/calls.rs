//! What a call's client does belongs to the worker that makes the call.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::steps::{call, cpu, run, seen, tiers};
use crate::systems::{MS, S, fault, just};

/// A limit of a call is that of each worker that makes it.
#[test]
fn a_limit_of_a_call_is_each_callers_own() {
    let limited = CallSpec {
        client: ClientSpec {
            limit: Some(LimitSpec {
                in_flight: Some(PlacesSpec {
                    places: 1,
                    pending: 0,
                    wait: None,
                }),
                rate: None,
            }),
            ..ClientSpec::default()
        },
        ..call()
    };
    let mut spec = tiers(
        &[0, 0, 0],
        vec![cpu(1), StepSpec::Call(Box::new(limited))],
        5,
    );
    spec.services[0].groups[0].count = 2;
    spec.services[1].groups[0].count = 3;
    let expected = [
        (1, None, 2, Limited),
        (0, Some(1), 2, CallFailed),
        (1, Some(1), 6, Ok),
        (0, Some(0), 6, Ok),
        (1, Some(1), 6, Ok),
        (0, Some(0), 6, Ok),
    ];
    let mut rows = seen(&spec);
    rows[2..].sort_by_key(|r| r.2);
    assert_eq!(rows[..2], expected[..2]);
    assert_eq!(rows.len(), 6);
}

/// A front of two workers in turn whose call always fails at once, and when its calls reached `db`,
/// in milliseconds.
fn always_fails(at: &[u64], client: ClientSpec) -> SystemSpec {
    let call = StepSpec::Call(Box::new(CallSpec { client, ..call() }));
    let mut spec = tiers(at, vec![call], 1);
    spec.services[0].groups[0].count = 2;
    let error = FaultKind::Error {
        probability: 1.0,
        when: ErrorWhen::Start,
    };
    let fault = fault("f", error, (1, 1), FaultWhen::Always);
    spec.faults = vec![FaultSpec {
        service: 1,
        ..fault
    }];
    spec
}

/// A budget of a call is that of each worker that makes it: three tokens, each failure takes one,
/// and one that is left pays for no retry.
#[test]
fn a_budget_of_a_call_is_each_callers_own() {
    let client = ClientSpec {
        retry: Some(RetrySpec {
            attempts: u32::MAX,
            backoff: BackoffSpec::Drawn(just(MS)),
            on: Failures::ALL,
            budget: Some(BudgetSpec::TokenBucket {
                tokens: 3,
                ratio_milli: 100,
                deposit: Deposit::Success,
            }),
        }),
        ..ClientSpec::default()
    };
    let (rows, output) = run(&always_fails(&[0, 10, 20, 30], client));
    let mut calls: Vec<u64> = rows
        .iter()
        .filter(|r| r.service == 1)
        .map(|r| r.arrived / MS)
        .collect();
    calls.sort_unstable();
    assert_eq!(calls, [0, 1, 2, 10, 11, 12, 20, 30]);
    assert_eq!(output.tally.calls[0].retries_denied, 4);
}

/// A breaker of a call is that of each worker that makes it: it opens at two failures in a row.
#[test]
fn a_breaker_of_a_call_is_each_callers_own() {
    let client = ClientSpec {
        breaker: Some(ClientBreaker::Machine {
            spec: BreakerSpec::Consecutive {
                failures: 2,
                open_for: just(S),
                half_open_calls: 1,
                successes: 1,
                counts: Failures::ALL,
            },
            around: Around::Attempt,
        }),
        ..ClientSpec::default()
    };
    let (rows, _) = run(&always_fails(&[0, 10, 20, 30, 40, 50], client));
    let calls = rows.iter().filter(|r| r.service == 1);
    let told: Vec<_> = calls
        .map(|r| (r.arrived / MS, r.outcome.unwrap()))
        .collect();
    let expected = [
        (0, Error),
        (10, Error),
        (20, Error),
        (30, Error),
        (40, BreakerOpen),
        (50, BreakerOpen),
    ];
    assert_eq!(told, expected);
}
