//! Retry budgets in a run: who is denied, when, and what is counted.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{MS, group, just, replay, rows};
use crate::told;

/// A client that pauses so long between as many attempts as it likes, within its budget.
fn retrying(pause: u64, budget: BudgetSpec) -> Option<RetrySpec> {
    Some(RetrySpec {
        attempts: u32::MAX,
        backoff: BackoffSpec::Drawn(just(pause)),
        on: Failures::of(&[FailureKind::Refused]),
        budget: Some(budget),
    })
}

/// Two tokens and a bit pay for one retry each; what is denied ends as its last attempt did.
#[test]
fn a_bucket_pays_for_retries_until_it_is_empty() {
    let births = [
        (0, 10 * MS),
        (MS, MS),
        (20 * MS, MS),
        (21 * MS, 9 * MS),
        (22 * MS, MS),
    ];
    let mut spec = replay(&births, group(1, 1, Some(0)));
    let bucket = |deposit| BudgetSpec::TokenBucket {
        tokens: 3,
        ratio_milli: 600,
        deposit,
    };
    spec.sources[0].client.retry = retrying(2 * MS, bucket(Deposit::Success));
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 10_000, Ok),
        // Tokens 3, 2, 1: exactly one is not enough for a third retry.
        (None, 1_000, BufferFull),
        (None, 3_000, BufferFull),
        (None, 5_000, BufferFull),
        // Successes at 10 and 21 ms: 2.2 tokens, that is two retries.
        (Some(20_000), 21_000, Ok),
        (Some(21_000), 30_000, Ok),
        (None, 22_000, BufferFull),
        (None, 24_000, BufferFull),
        (None, 26_000, BufferFull),
    ];
    assert_eq!(told(&all), expected);
    let class = &output.tally.classes[0];
    assert_eq!((class.attempts, class.retries_denied), (9, 2));
    assert_eq!(class.lost[BufferFull.index()], 2);

    // By calls: the bucket is full at 1 ms, and gets 3 x 0.6 from 20 ms on.
    spec.sources[0].client.retry = retrying(2 * MS, bucket(Deposit::Call));
    let (all, output) = rows(&spec);
    assert_eq!(output.tally.classes[0].retries_denied, 2);
    assert_eq!(all.len(), 9);
}

/// A retry has its place from its decision to its end, pause included.
#[test]
fn retries_at_once_are_counted_through_their_pause() {
    let births = [
        (0, 10 * MS),
        (MS, MS),
        (2 * MS, MS),
        (5 * MS, MS),
        (16 * MS, MS),
    ];
    let mut spec = replay(&births, group(1, 1, Some(0)));
    let one = BudgetSpec::Envoy {
        percent_milli: 0,
        min_concurrent: 1,
    };
    spec.sources[0].client.retry = retrying(5 * MS, one);
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 10_000, Ok),
        // It pauses from 1 to 6 ms and, refused again, to 11 ms: all this time it has the place.
        (None, 1_000, BufferFull),
        (None, 6_000, BufferFull),
        (Some(11_000), 12_000, Ok),
        (None, 2_000, BufferFull),
        (None, 5_000, BufferFull),
        (Some(16_000), 17_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.classes[0].retries_denied, 2);

    // With half of what is out there is room for a second at 2 ms: one attempt is out, the half of
    // it is nothing, but with two in service it is one.
    let half = BudgetSpec::Envoy {
        percent_milli: 50_000,
        min_concurrent: 0,
    };
    let births = [(0, 10 * MS), (0, 10 * MS), (MS, MS), (2 * MS, MS)];
    let mut spec = replay(&births, group(1, 2, Some(0)));
    spec.sources[0].client.retry = retrying(10 * MS, half);
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(0), 10_000, Ok),
        (None, 1_000, BufferFull),
        (Some(11_000), 12_000, Ok),
        (None, 2_000, BufferFull),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.classes[0].retries_denied, 1);
}

/// Copies are attempts each; their retry is one.
#[test]
fn a_retry_of_several_copies_is_one() {
    let births = [(0, 30 * MS), (MS, MS), (2 * MS, MS)];
    let mut spec = replay(&births, group(2, 1, Some(0)));
    spec.sources[0].fan_out = Some(FanOutSpec {
        copies: Some(2),
        need: None,
        rest: Cancel::Nothing,
    });
    let one = BudgetSpec::Envoy {
        percent_milli: 0,
        min_concurrent: 1,
    };
    spec.sources[0].client.retry = retrying(40 * MS, one);
    let (all, output) = rows(&spec);
    let class = &output.tally.classes[0];
    // Three requests of two copies, and one retry of two.
    assert_eq!((all.len(), class.attempts, class.retries_denied), (8, 8, 1));
    assert_eq!((class.ok, class.lost[BufferFull.index()]), (2, 1));
}

/// A failure that would not be retried is none for the throttle, and neither is a late answer.
#[test]
fn only_failures_that_are_retried_throttle() {
    let births = [(0, 10 * MS), (MS, MS), (20 * MS, 9 * MS), (21 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, Some(0)));
    spec.sources[0].client.timeout = Some(just(4 * MS));
    // Half of two tokens: one failure stops all retries.
    let throttle = BudgetSpec::GrpcThrottle {
        tokens: 2,
        ratio_milli: 100,
    };
    spec.sources[0].client.retry = retrying(MS, throttle);
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, TimedOut),
        (None, 1_000, BufferFull),
        (Some(20_000), 24_000, TimedOut),
        (None, 21_000, BufferFull),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.classes[0].retries_denied, 2);
}
