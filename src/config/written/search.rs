//! Parameters that give a distribution which is known: first guessed, then tried until what they
//! make is the same to the last bit. People write short numbers, so these are tried first.

/// How far around a guess one looks, in steps of the last digit of a float.
const STEPS: usize = 128;

/// Numbers near a guess: the guess with few digits, with more, and what lies around it.
pub fn near(guess: f64) -> impl Iterator<Item = f64> {
    let short = (0..17).filter_map(move |digits| format!("{guess:.digits$e}").parse().ok());
    let up = std::iter::successors(Some(guess), |x| Some(x.next_up())).take(STEPS);
    let down = std::iter::successors(Some(guess), |x| Some(x.next_down())).take(STEPS);
    short.chain(up).chain(down)
}

/// Whole numbers near a guess, the nearest first.
pub fn whole_near(guess: f64) -> impl Iterator<Item = f64> {
    let middle = guess.round();
    let around = [0.0, 1.0, -1.0, 2.0, -2.0].into_iter();
    around.map(move |step| middle + step)
}

/// Weights that become these shares (which sum to 1, or nearly) when each is divided by the sum of
/// all.
pub fn weights(shares: &[f64]) -> Option<Vec<f64>> {
    let fits = |weights: &[f64]| {
        let sum: f64 = weights.iter().sum();
        let mut pairs = weights.iter().zip(shares);
        pairs.all(|(weight, share)| *weight > 0.0 && weight / sum == *share)
    };
    let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
    let whole = (1..=200).map(|k| f64::from(k) / least);
    let fine = (0..8000).map(|k| 1.0 + f64::from(k) / 1024.0);
    let scales = [1.0, 10.0, 100.0, 1000.0].into_iter();
    for scale in scales.chain(whole).chain(fine) {
        for digits in [3, 8, 17] {
            let short = |share: &f64| -> f64 {
                let weight = share * scale;
                match digits {
                    17 => weight,
                    _ => format!("{weight:.digits$e}").parse().unwrap_or(weight),
                }
            };
            let weights: Vec<f64> = shares.iter().map(short).collect();
            if fits(&weights) {
                return Some(weights);
            }
        }
    }
    None
}

/// Weights whose running sums, divided by the sum of all, are these chances; the last is 1.
pub fn steps(cumulative: &[f64]) -> Option<Vec<f64>> {
    let fits = |weights: &[f64]| {
        let sum: f64 = weights.iter().sum();
        let running = weights.iter().scan(0.0, |so_far, weight| {
            *so_far += weight;
            Some(*so_far / sum)
        });
        let mut pairs = running.zip(cumulative);
        weights.iter().all(|w| *w > 0.0) && pairs.all(|(found, wanted)| found == *wanted)
    };
    let befores = std::iter::once(&0.0).chain(cumulative);
    let shares: Vec<f64> = cumulative
        .iter()
        .zip(befores)
        .map(|(to, from)| to - from)
        .collect();
    let least = shares
        .iter()
        .copied()
        .fold(f64::INFINITY, |a, b| if b > 0.0 { a.min(b) } else { a });
    let whole = (1..=20).map(|k| f64::from(k) / least);
    for scale in std::iter::once(1.0).chain(whole) {
        let short = |share: &f64| format!("{:.8e}", share * scale).parse().unwrap_or(*share);
        let weights: Vec<f64> = shares.iter().map(short).collect();
        if fits(&weights) {
            return Some(weights);
        }
    }
    let scales = (1..200).map(f64::from);
    let mut found = scales.filter_map(|scale| reach(cumulative, scale));
    found.find(|weights| fits(weights))
}

/// Weights that go from chance to chance, where all of them together are `sum`.
fn reach(cumulative: &[f64], sum: f64) -> Option<Vec<f64>> {
    let mut so_far = 0.0_f64;
    let mut weights = Vec::with_capacity(cumulative.len());
    for &chance in cumulative {
        let is_there = |step: &f64| (so_far + step) / sum == chance;
        let step = match is_there(&1e-300) {
            true => 1e-300,
            false => near(chance * sum - so_far).find(|step| *step > 0.0 && is_there(step))?,
        };
        so_far += step;
        weights.push(step);
    }
    Some(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_all_kinds_are_found_again() {
        for original in [
            vec![0.5, 2.0, 1.0],
            vec![0.1, 0.2, 0.7],
            vec![3.0, 1.0],
            vec![1.0, 2.5, 0.5, 1.0, 17.25],
            vec![0.123_456_789, 0.3, 0.001],
        ] {
            let sum: f64 = original.iter().sum();
            let shares: Vec<f64> = original.iter().map(|w| w / sum).collect();
            let found = weights(&shares).unwrap();
            let sum: f64 = found.iter().sum();
            let again: Vec<f64> = found.iter().map(|w| w / sum).collect();
            assert_eq!(again, shares, "{original:?} as {found:?}");
        }
    }

    #[test]
    fn running_sums_are_reached_to_the_last_bit() {
        let chances = [0.1, 1.0 / 3.0, 1.0 / 3.0, 0.999_999_999, 1.0];
        let found = steps(&chances).unwrap();
        let (all, mut so_far): (f64, f64) = (found.iter().sum(), 0.0);
        for (step, chance) in found.iter().zip(chances) {
            so_far += step;
            assert_eq!(so_far / all, chance);
        }
    }
}
