//! Random words: streams drawn in order, and keyed draws computed from what they are for.
//!
//! A **key** is a seed, a replication and the lineage of a clone. A **stream** is a key and a
//! path, text that names an entity and a purpose (`source/web/gap`); its words are those of
//! ChaCha8 with the path's hash as nonce, so no two streams of a key overlap and adding an entity
//! shifts nobody else's words. A **keyed** source has no position to keep: its words are a
//! function of the key, the purpose and the request, which is what draws need that may or may not
//! happen (a retry's jitter), since one design's retry must not move another draw.
//!
//! The only file that names the random number crates, and the only one that turns words into
//! uniform numbers: a change of library changes nothing but the words, and those are pinned.
//! Must not know of distributions or of what the numbers are for.

use std::fmt;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The increment of SplitMix64: 2^64 divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64 (Steele, Lea & Flood 2014, the constants of Stafford's variant 13):
/// a bijection of 64 bits in which each input bit moves each output bit half of the time.
#[inline]
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What all streams of one trial share: seed, replication and lineage, expanded to 256 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    words: [u64; 4],
}

impl Key {
    /// Expands a seed, the number of a replication and the lineage of a clone (0 for a run that is
    /// not a clone).
    ///
    /// Word `i` of 0..4 is, with wrapping addition,
    /// `mix(mix(mix((i + 1) * GOLDEN + seed) + replication) + lineage)`, where `mix` is
    /// SplitMix64's finalizer and `GOLDEN` its increment. ChaCha gets them in little-endian order.
    /// Each word differs if one of the three differs; if several do, that all four words agree is
    /// beyond any chance.
    pub fn new(seed: u64, replication: u64, lineage: u64) -> Key {
        let mut words = [0; 4];
        let mut start = 0_u64;
        for word in &mut words {
            start = start.wrapping_add(GOLDEN);
            let seeded = mix(start.wrapping_add(seed));
            *word = mix(mix(seeded.wrapping_add(replication)).wrapping_add(lineage));
        }
        Key { words }
    }

    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, word) in bytes.chunks_exact_mut(8).zip(self.words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// The hash of a path: 64-bit FNV-1a over its UTF-8 bytes, fixed here because the standard
/// library's hashes may change with its version.
///
/// Equal hashes would be equal streams; the chance is 1e-13 for 2,000 paths, and
/// [`watched`](super::paths::watched) finds them.
pub fn path_hash(path: &str) -> u64 {
    let hash = hash_text(path);
    super::paths::note(path, hash);
    hash
}

/// The hash of a text that is no path of a stream: the same function, and nobody looks for others
/// with the same hash.
pub fn hash_text(text: &str) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
}

/// A word that stands for another: different for each, and with nothing left of its pattern.
/// Fixed here for the same reason as [`path_hash`].
#[inline]
pub const fn hash_word(word: u64) -> u64 {
    mix(word.wrapping_add(GOLDEN))
}

/// A source of random words, and the uniform numbers made of them.
pub trait Bits {
    /// The next word: 64 independent fair bits.
    fn next_u64(&mut self) -> u64;

    /// A number between 0 and 1, never equal to either: `(k + 0.5) / 2^52` for the upper 52 bits
    /// `k` of one word.
    ///
    /// Not 53 bits: `k + 0.5` then needs 54, and rounding would make the largest one 1.
    #[inline]
    fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
    }

    /// A whole number of 0..`n`, each with exactly the same chance: multiply and shift, with
    /// rejection of the few words that would make some numbers likelier (Lemire 2019). Takes one
    /// word but for a chance below `n / 2^64`.
    ///
    /// # Panics
    ///
    /// If `n` is 0: there is no such number.
    #[inline]
    fn below(&mut self, n: u32) -> u32 {
        assert!(n > 0, "nothing to choose from");
        let n = u64::from(n);
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            // 2^64 mod n: with so many words left out, the rest divides evenly.
            let surplus = n.wrapping_neg() % n;
            while (product as u64) < surplus {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u32
    }

    /// Two whole numbers of 0..`a` and 0..`b` from one word, each exactly as likely as the
    /// others: the halves of the word, with the same rejection.
    ///
    /// # Panics
    ///
    /// If `a` or `b` is 0.
    #[inline(always)]
    fn below_pair(&mut self, a: u32, b: u32) -> (u32, u32) {
        assert!(a > 0 && b > 0, "nothing to choose from");
        loop {
            let word = self.next_u64();
            let x = u64::from(word as u32) * u64::from(a);
            let y = (word >> 32) * u64::from(b);
            let likely = x as u32 >= a && y as u32 >= b;
            if likely || (x as u32 >= a.wrapping_neg() % a && y as u32 >= b.wrapping_neg() % b) {
                return ((x >> 32) as u32, (y >> 32) as u32);
            }
        }
    }
}

/// A stream of words drawn in order: one for each entity and purpose. A clone goes on from the
/// same position.
#[derive(Clone)]
pub struct Stream {
    chacha: ChaCha8Rng,
    /// Words made ahead, so that the usual draw is one load.
    ahead: [u64; AHEAD],
    next: usize,
}

/// As many words as the generator makes at once.
const AHEAD: usize = 32;

impl Stream {
    /// The stream of this path under this key, at its start.
    pub fn new(key: &Key, path: &str) -> Stream {
        let mut chacha = ChaCha8Rng::from_seed(key.bytes());
        // The stream is set while the position is 0, since libraries differ in what setting it
        // does to a position.
        chacha.set_stream(path_hash(path));
        Stream {
            chacha,
            ahead: [0; AHEAD],
            next: AHEAD,
        }
    }

    /// The same path's stream under another key, at its start: a clone goes its own way.
    pub fn rekey(&mut self, key: &Key) {
        let path = self.chacha.get_stream();
        self.chacha = ChaCha8Rng::from_seed(key.bytes());
        self.chacha.set_stream(path);
        self.next = AHEAD;
    }

    /// The word to be drawn next, if it is made already: a hint and no more.
    #[inline(always)]
    pub fn peek(&self) -> Option<u64> {
        self.ahead.get(self.next).copied()
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        let mut bytes = [0; 8 * AHEAD];
        self.chacha.fill_bytes(&mut bytes);
        let (each, _) = bytes.as_chunks();
        for (word, bytes) in self.ahead.iter_mut().zip(each) {
            *word = u64::from_le_bytes(*bytes);
        }
        self.next = 0;
    }
}

/// Its key, the hash of its path and its position say all of it.
impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(self.chacha.get_seed().chunks_exact(8)) {
            *word = bytes
                .iter()
                .rev()
                .fold(0, |word, &byte| word << 8 | u64::from(byte));
        }
        f.debug_struct("Stream")
            .field("key", &Key { words })
            .field("path", &self.chacha.get_stream())
            .field("made", &self.chacha.get_word_pos())
            .field("next", &self.next)
            .finish()
    }
}

impl Bits for Stream {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        if self.next >= AHEAD {
            self.refill();
        }
        let word = self.ahead[self.next];
        self.next += 1;
        word
    }
}

/// A short source of words that depends on nothing but what it is for.
///
/// The key, the purpose, the request, the copy and the attempt are folded into 64 bits; the words
/// are those of a SplitMix64 that starts there. Meant for a handful of words each.
#[derive(Clone, Debug)]
pub struct Keyed {
    state: u64,
}

impl Keyed {
    /// The source for one purpose (the [`path_hash`] of its path, which also says where on a call
    /// path the draw happens), request number, copy and attempt.
    #[inline]
    pub fn new(key: &Key, purpose: u64, request: u64, copy: u32, attempt: u32) -> Keyed {
        let folded = mix(key.words[0] ^ purpose);
        let folded = mix(folded.wrapping_add(request) ^ key.words[1]);
        let try_number = u64::from(copy) << 32 | u64::from(attempt);
        Keyed {
            state: mix(folded.wrapping_add(try_number) ^ key.words[2]),
        }
    }

    /// The source that goes with a word, whatever the key.
    #[inline]
    pub fn of_word(word: u64) -> Keyed {
        Keyed {
            state: mix(word ^ GOLDEN),
        }
    }
}

impl Bits for Keyed {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Words written down beforehand.
    struct Script(Vec<u64>);

    impl Bits for Script {
        fn next_u64(&mut self) -> u64 {
            self.0.remove(0)
        }
    }

    fn first_words(mut bits: impl Bits) -> [u64; 4] {
        std::array::from_fn(|_| bits.next_u64())
    }

    /// A block of ChaCha with 8 rounds, straight from Bernstein's description.
    fn chacha8_block(key: [u8; 32], nonce: u64, number: u32) -> [u32; 16] {
        let mut start = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
        let mut input = [0_u32; 16];
        input[..4].swap_with_slice(&mut start);
        for (word, bytes) in input[4..12].iter_mut().zip(key.chunks_exact(4)) {
            *word = u32::from_le_bytes(bytes.try_into().unwrap());
        }
        input[12] = number;
        input[14] = nonce as u32;
        input[15] = (nonce >> 32) as u32;
        let mut x = input;
        let quarter = |x: &mut [u32; 16], [a, b, c, d]: [usize; 4]| {
            for (left, right) in [(16, 12), (8, 7)] {
                x[a] = x[a].wrapping_add(x[b]);
                x[d] = (x[d] ^ x[a]).rotate_left(left);
                x[c] = x[c].wrapping_add(x[d]);
                x[b] = (x[b] ^ x[c]).rotate_left(right);
            }
        };
        for _ in 0..4 {
            for i in 0..4 {
                quarter(&mut x, [i, 4 + i, 8 + i, 12 + i]);
            }
            for i in 0..4 {
                quarter(
                    &mut x,
                    [i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4],
                );
            }
        }
        std::array::from_fn(|i| x[i].wrapping_add(input[i]))
    }

    #[test]
    fn a_stream_is_chacha8_with_the_path_as_nonce() {
        let key = Key::new(7, 3, 0);
        let mut stream = Stream::new(&key, "source/web/gap");
        // Several blocks are made at once, in other ways on other processors.
        for number in 0..50 {
            let block = chacha8_block(key.bytes(), path_hash("source/web/gap"), number);
            for pair in block.chunks_exact(2) {
                let word = u64::from(pair[1]) << 32 | u64::from(pair[0]);
                assert_eq!(stream.next_u64(), word, "block {number}");
            }
        }
    }

    #[test]
    fn paths_hash_by_fnv_1a() {
        assert_eq!(path_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(path_hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(path_hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn keyed_words_are_splitmix64() {
        let words = first_words(Keyed { state: 1_234_567 });
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
        ];
        assert_eq!(words, published);
    }

    #[test]
    fn every_coordinate_gives_other_words() {
        let mut seen = BTreeSet::new();
        let mut count = 0;
        for (seed, replication, lineage) in [
            (1, 0, 0),
            (2, 0, 0),
            (1, 1, 0),
            (0, 1, 0),
            (1, 0, 1),
            (0, 1, 1),
            (0, 0, 0),
        ] {
            let key = Key::new(seed, replication, lineage);
            for path in [
                "",
                "source/web/gap",
                "source/web/size",
                "service/api/big/1/fault/slow",
            ] {
                seen.extend(first_words(Stream::new(&key, path)));
                count += 4;
            }
            for (purpose, request, copy, attempt) in [
                (1, 0, 0, 0),
                (0, 1, 0, 0),
                (0, 0, 1, 0),
                (0, 0, 0, 1),
                (0, 0, 0, 0),
                (1, 1, 1, 1),
            ] {
                seen.extend(first_words(Keyed::new(
                    &key, purpose, request, copy, attempt,
                )));
                count += 4;
            }
        }
        assert_eq!(seen.len(), count, "some two sources share a word");
    }

    #[test]
    fn keyed_sources_of_neighbours_are_independent() {
        let key = Key::new(1, 0, 0);
        let n = 100_000;
        // Mean and serial correlation over request numbers, where a weak fold would show.
        let draws: Vec<f64> = (0..n)
            .map(|request| Keyed::new(&key, 5, request, 0, 1).unit() - 0.5)
            .collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let serial = draws.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / n as f64;
        let root = (n as f64).sqrt();
        assert!(
            mean.abs() < 5.0 * (1.0_f64 / 12.0).sqrt() / root,
            "mean {mean}"
        );
        assert!(serial.abs() < 5.0 / 12.0 / root, "serial {serial}");
    }

    #[test]
    fn a_clone_goes_on_from_the_same_position() {
        let mut stream = Stream::new(&Key::new(1, 2, 3), "a");
        let _ = first_words(stream.clone());
        stream.next_u64();
        assert_eq!(first_words(stream.clone()), first_words(stream));
    }

    #[test]
    fn a_clone_of_another_lineage_is_the_stream_of_that_key_from_its_start() {
        let (old, new) = (Key::new(1, 2, 0), Key::new(1, 2, 9));
        for drawn in [0, 1, 5, 70] {
            let mut stream = Stream::new(&old, "a");
            for _ in 0..drawn {
                stream.next_u64();
            }
            stream.rekey(&new);
            let shown = format!("{stream:?}");
            assert!(shown.contains(&format!("{new:?}")), "{shown}");
            assert!(!shown.contains(&format!("{old:?}")), "{shown}");
            assert_eq!(first_words(stream), first_words(Stream::new(&new, "a")));
        }
    }

    #[test]
    fn unit_is_never_0_or_1() {
        assert_eq!(Script(vec![0]).unit(), 0.5 / 4_503_599_627_370_496.0);
        assert_eq!(Script(vec![u64::MAX]).unit(), 1.0 - f64::EPSILON / 2.0);
    }

    #[test]
    fn below_gives_each_number_equally_many_words() {
        for n in [
            1_u32,
            2,
            3,
            5,
            6,
            7,
            10,
            1000,
            48_271,
            u32::MAX - 4,
            u32::MAX,
        ] {
            let wide = u128::from(n);
            let surplus = (1_u128 << 64) % wide;
            let share = ((1_u128 << 64) - surplus) / wide;
            for k in [0, n / 3, n / 2, n - 1] {
                // The words x with k * 2^64 + surplus <= x * n < (k + 1) * 2^64 are k's.
                let first = ((u128::from(k) << 64) + surplus).div_ceil(wide);
                let end = ((u128::from(k) + 1) << 64).div_ceil(wide);
                assert_eq!(end - first, share, "{n} {k}");
                assert_eq!(Script(vec![first as u64]).below(n), k);
                assert_eq!(Script(vec![(end - 1) as u64]).below(n), k);
                if (first * wide) as u64 >= n as u64 || surplus == 0 || first == 0 {
                    continue;
                }
                // One word lower is refused or is the number before.
                let mut lower = Script(vec![(first - 1) as u64, (end - 1) as u64]);
                let got = lower.below(n);
                assert!(
                    got == k && lower.0.is_empty() || got + 1 == k,
                    "{n} {k} {got}"
                );
            }
        }
        assert_eq!(
            Script(vec![0, u64::MAX]).below(3),
            2,
            "word 0 is the surplus of 3"
        );
    }

    #[test]
    fn below_is_even() {
        let mut stream = Stream::new(&Key::new(11, 0, 0), "choice");
        let mut counts = [0_u32; 7];
        for _ in 0..700_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // 5 standard errors of a count of 100,000.
        assert!(
            counts.iter().all(|&count| count.abs_diff(100_000) < 1464),
            "{counts:?}"
        );
    }
}
