//! Labels along a line that must not overlap: pushed apart, or put into lanes.

/// Moves centres of equally high labels apart until none overlaps its neighbour, within `low` to
/// `high`, as little as a single sweep down and one up allow. Labels that the room can't hold at
/// all have to be dropped before.
pub(super) fn apart(wanted: &[f64], height: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]).then(a.cmp(b)));
    let mut centres = wanted.to_vec();
    let mut floor = low + height / 2.0;
    for place in &order {
        centres[*place] = centres[*place].max(floor);
        floor = centres[*place] + height;
    }
    let mut ceiling = high - height / 2.0;
    for place in order.iter().rev() {
        centres[*place] = centres[*place].min(ceiling);
        ceiling = centres[*place] - height;
    }
    centres
}

/// How many labels of this height a room holds.
pub(super) fn capacity(height: f64, room: f64) -> usize {
    (room / height).floor().max(0.0) as usize
}

/// Lane for each interval so that none overlaps another in its lane; none where all are taken.
/// First come, first served, by start.
pub(super) fn lanes(intervals: &[(f64, f64)], lanes: usize, gap: f64) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..intervals.len()).collect();
    order.sort_by(|a, b| intervals[*a].0.total_cmp(&intervals[*b].0).then(a.cmp(b)));
    let mut free = vec![f64::NEG_INFINITY; lanes];
    let mut taken = vec![None; intervals.len()];
    for place in order {
        let (start, end) = intervals[place];
        if let Some(lane) = free.iter().position(|until| *until <= start) {
            free[lane] = end + gap;
            taken[place] = Some(lane);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_distance_and_their_room() {
        let centres = apart(&[50.0, 50.0, 51.0, 99.0], 10.0, 0.0, 100.0);
        let mut sorted = centres.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(
            sorted.windows(2).all(|pair| pair[1] - pair[0] >= 10.0),
            "{centres:?}"
        );
        assert!(sorted[0] >= 5.0 && sorted[3] <= 95.0, "{centres:?}");
    }

    #[test]
    fn lanes_never_overlap_and_the_rest_is_dropped() {
        let taken = lanes(&[(0.0, 5.0), (1.0, 3.0), (2.0, 4.0), (6.0, 7.0)], 2, 0.5);
        assert_eq!(taken, [Some(0), Some(1), None, Some(0)]);
    }
}
