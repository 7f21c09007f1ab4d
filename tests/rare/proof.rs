//! Against what is known.

use super::*;
#[test]
fn look() {
    let t = std::time::Instant::now();
    for (rate, mean, c, k) in [(2.4, 1.0, 4, 40), (3.2, 1.0, 4, 10), (3.2,1.0,4,40)] {
        let spec = one_worker(rate, Dist::exponential(mean * S as f64).unwrap(), c, k);
        let truth = mmck(rate, mean, c, k);
        for seed in 1..=6 {
            let e = splitting(&spec, "loss", &setting(seed, 0.0001, 1_000_000));
            println!("{truth:.4e} {:.3} {:?} {:?}", e.mean/truth, e, t.elapsed());
        }
        let e = splitting(&spec, "loss", &setting(1, 0.1, 100_000_000));
        println!("{truth:.4e} {:.3} {:?} {:?}", e.mean/truth, e, t.elapsed());
    }
}
