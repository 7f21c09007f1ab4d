//! Delta debugging (Zeller & Hildebrandt 2002, "Simplifying and isolating failure-inducing
//! input", algorithm `ddmin`): from a list that fails to one of which nothing can be left out.

/// The smallest list found, in its order, that still fails: when the test never says `None`, one
/// of which no single item can be left out. `test` says whether a list fails; `None`: no more
/// tests, and the best so far is the answer. The list itself is taken to fail.
pub fn ddmin<T: Clone>(items: &[T], test: &mut dyn FnMut(&[T]) -> Option<bool>) -> Vec<T> {
    let mut best = items.to_vec();
    let mut parts = 2;
    while best.len() >= 2 {
        let length = best.len();
        let bounds: Vec<usize> = (0..=parts).map(|i| length * i / parts).collect();
        let mut next = None;
        // With two parts the complements are the parts.
        let subsets = bounds.windows(2).map(|w| (best[w[0]..w[1]].to_vec(), 2));
        let complements = bounds.windows(2).map(|w| {
            let rest = [&best[..w[0]], &best[w[1]..]].concat();
            (rest, (parts - 1).max(2))
        });
        let all = subsets.chain(complements.filter(|_| parts > 2));
        for (list, then) in all {
            match test(&list) {
                None => return best,
                Some(true) => {
                    next = Some((list, then));
                    break;
                }
                Some(false) => {}
            }
        }
        match next {
            Some((list, then)) => (best, parts) = (list, then),
            None if parts == length => break,
            None => parts = (parts * 2).min(length),
        }
        parts = parts.min(best.len().max(2));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails where all of these are there.
    fn needs(wanted: &'static [u32]) -> impl FnMut(&[u32]) -> Option<bool> {
        move |list| Some(wanted.iter().all(|w| list.contains(w)))
    }

    #[test]
    fn what_is_needed_is_what_is_left() {
        let all: Vec<u32> = (0..1000).collect();
        for wanted in [&[7_u32][..], &[0, 999], &[3, 4, 5, 500, 501, 998]] {
            assert_eq!(ddmin(&all, &mut needs(wanted)), wanted);
        }
    }

    #[test]
    fn of_several_answers_one_is_found_of_which_nothing_can_go() {
        // Ten of a thousand, whichever.
        let all: Vec<u32> = (0..1000).collect();
        let mut tests = 0;
        let found = ddmin(&all, &mut |list| {
            tests += 1;
            Some(list.len() >= 10)
        });
        assert_eq!(found.len(), 10);
        assert!(tests < 200, "{tests} tests");
    }

    #[test]
    fn when_no_more_can_be_tried_the_best_so_far_is_the_answer() {
        let all: Vec<u32> = (0..64).collect();
        let mut left = 3;
        let found = ddmin(&all, &mut |list| {
            left -= 1;
            (left >= 0).then(|| list.contains(&0))
        });
        assert_eq!(found, (0..8).collect::<Vec<u32>>());
    }

    #[test]
    fn one_item_is_not_taken_apart() {
        assert_eq!(ddmin(&[5], &mut |_| Some(true)), [5]);
    }
}
