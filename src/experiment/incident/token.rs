//! The line that names a trial, and an incident in it: `v1-` and letters that survive being read
//! aloud. It carries digests, not the model.

use std::fmt;
use std::str::FromStr;

use data_encoding::{Encoding, Specification};

use super::case::{Case, DIGEST, Trigger};
use crate::experiment::TRAJECTORY;
use crate::model::incident::Kind;

/// How tokens of this form begin.
const FORM: &str = "v1-";

/// Letters in a group.
const GROUP: usize = 4;

/// Bytes of the checksum: one typo in 16 million passes.
const CHECK: usize = 3;

/// Names one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The engine's trajectory version: another one gives other trials.
    pub trajectory: u32,
    /// See [`Case::digest`].
    pub digest: [u8; DIGEST],
    /// Where the point stood in its design; only a hint, the digest decides.
    pub point: u32,
    /// The seed.
    pub seed: u64,
    /// The replication.
    pub replication: u32,
    /// The incident; `None`: the run as such.
    pub trigger: Option<Trigger>,
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// It does not begin as one.
    NotOne,
    /// It is of a form that this version does not know.
    Newer,
    /// A character that tokens do not have.
    Letter(char),
    /// The checksum is that of another token: something was mistyped or cut off.
    Mistyped,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::NotOne => f.write_str("it does not begin with `v1-`"),
            TokenError::Newer => f.write_str("it was made by a newer version of veltrix"),
            TokenError::Letter(c) => write!(f, "tokens have no {c:?}"),
            TokenError::Mistyped => {
                f.write_str("its checksum is wrong: a character is mistyped or missing")
            }
        }
    }
}

impl std::error::Error for TokenError {}

/// Crockford's alphabet, which has neither `i` nor `l`, `o` and `u` (crockford.com/base32.html);
/// what looks like another letter is read as that one.
fn letters() -> Encoding {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification
        .translate
        .from
        .push_str("ABCDEFGHJKMNPQRSTVWXYZoOiIlL");
    specification
        .translate
        .to
        .push_str("abcdefghjkmnpqrstvwxyz001111");
    specification
        .encoding()
        .expect("32 letters, each of them once")
}

impl Token {
    /// The token of a trial that stands at this point of its design.
    pub fn of(case: &Case, point: usize) -> Token {
        Token {
            trajectory: TRAJECTORY,
            digest: case.digest(),
            point: u32::try_from(point).unwrap_or(u32::MAX),
            seed: case.run.seed,
            replication: case.run.replication,
            trigger: case.trigger,
        }
    }

    /// The digest in hexadecimal.
    pub fn hex(&self) -> String {
        hex(self.digest)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        put(&mut bytes, u64::from(self.trajectory));
        bytes.extend(self.digest);
        put(&mut bytes, u64::from(self.point));
        put(&mut bytes, self.seed);
        put(&mut bytes, u64::from(self.replication));
        // 0: no trigger.
        put(&mut bytes, self.trigger.map_or(0, |t| t.kind as u64 + 1));
        if let Some(trigger) = self.trigger {
            put(&mut bytes, u64::from(trigger.nth));
        }
        bytes
    }

    fn read(mut bytes: &[u8]) -> Option<Token> {
        let rest = &mut bytes;
        let trajectory = u32::try_from(take(rest)?).ok()?;
        let (digest, after) = rest.split_at_checked(DIGEST)?;
        *rest = after;
        let point = u32::try_from(take(rest)?).ok()?;
        let seed = take(rest)?;
        let replication = u32::try_from(take(rest)?).ok()?;
        let kind = take(rest)?;
        let trigger = match kind {
            0 => None,
            kind => Some(Trigger {
                kind: Kind::from_number(u8::try_from(kind - 1).ok()?)?,
                nth: u32::try_from(take(rest)?).ok()?,
            }),
        };
        let token = Token {
            trajectory,
            digest: digest.try_into().ok()?,
            point,
            seed,
            replication,
            trigger,
        };
        rest.is_empty().then_some(token)
    }
}

/// A digest in hexadecimal.
pub fn hex(digest: [u8; DIGEST]) -> String {
    digest.map(|byte| format!("{byte:02x}")).concat()
}

/// A number of 7 bits a byte, the lowest first; the top bit says that more follow.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let hash = blake3::hash(&[FORM.as_bytes(), bytes].concat());
    let mut check = [0; CHECK];
    check.copy_from_slice(&hash.as_bytes()[..CHECK]);
    check
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes();
        let all = [&bytes[..], &check(&bytes)].concat();
        let text = letters().encode(&all);
        f.write_str(FORM)?;
        for (i, letter) in text.chars().enumerate() {
            if i > 0 && i.is_multiple_of(GROUP) {
                f.write_str("-")?;
            }
            write!(f, "{letter}")?;
        }
        Ok(())
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Token, TokenError> {
        let text = text.trim();
        let rest = match text.strip_prefix(FORM).or_else(|| text.strip_prefix("V1-")) {
            Some(rest) => rest,
            None if is_newer(text) => return Err(TokenError::Newer),
            None => return Err(TokenError::NotOne),
        };
        let plain: String = rest.chars().filter(|c| *c != '-').collect();
        let letters = letters();
        let stranger = plain
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() || matches!(c, 'u' | 'U'));
        if let Some(stranger) = stranger {
            return Err(TokenError::Letter(stranger));
        }
        let bytes = letters.decode(plain.as_bytes());
        let bytes = bytes.map_err(|_| TokenError::Mistyped)?;
        let end = bytes.len().checked_sub(CHECK).ok_or(TokenError::Mistyped)?;
        let (bytes, checksum) = bytes.split_at(end);
        if check(bytes) != checksum {
            return Err(TokenError::Mistyped);
        }
        Token::read(bytes).ok_or(TokenError::Newer)
    }
}

/// Whether a text begins as a token of another form would.
fn is_newer(text: &str) -> bool {
    let form = text
        .strip_prefix(['v', 'V'])
        .and_then(|t| t.split_once('-'));
    form.is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(seed: u64, trigger: Option<Trigger>) -> Token {
        Token {
            trajectory: 1,
            digest: [1, 2, 3, 250, 251, 252],
            point: 300,
            seed,
            replication: 7,
            trigger,
        }
    }

    #[test]
    fn tokens_are_read_back_also_as_people_write_them() {
        let trigger = Trigger {
            kind: Kind::Own,
            nth: 4_000_000_000,
        };
        for token in [
            token(14, None),
            token(u64::MAX, Some(trigger)),
            token(0, Some(trigger)),
        ] {
            let text = token.to_string();
            assert_eq!(text.parse(), Ok(token));
            assert_eq!(text.to_uppercase().parse(), Ok(token));
            assert_eq!(
                format!(
                    " {} ",
                    text.replace('0', "O")
                        .replace('1', "l")
                        .replacen('l', "1", 1)
                )
                .parse(),
                Ok(token)
            );
            assert_eq!(
                text.replace('-', "").replacen("v1", "v1-", 1).parse(),
                Ok(token)
            );
        }
        assert_eq!(token(14, None).to_string().len(), "v1-".len() + 24 + 5);
    }

    #[test]
    fn a_typo_is_refused_and_not_another_run() {
        let text = token(14, None).to_string();
        let mut typos = 0;
        for (i, letter) in text.char_indices().skip(3).filter(|(_, c)| *c != '-') {
            for other in "0123456789abcdefghjkmnpqrstvwxyz"
                .chars()
                .filter(|c| *c != letter)
            {
                let mut typo = text.clone();
                typo.replace_range(i..=i, &other.to_string());
                assert_eq!(typo.parse::<Token>(), Err(TokenError::Mistyped), "{typo}");
                typos += 1;
            }
            let cut = &text[..i];
            assert!(cut.parse::<Token>().is_err(), "{cut}");
        }
        assert!(typos > 700);
        for (text, why) in [
            ("", TokenError::NotOne),
            ("experiment.toml", TokenError::NotOne),
            ("v2-0000", TokenError::Newer),
            ("v1-", TokenError::Mistyped),
            ("v1-00u0", TokenError::Letter('u')),
            ("v1-\u{1b}[2J", TokenError::Letter('\u{1b}')),
        ] {
            assert_eq!(text.parse::<Token>(), Err(why), "{text:?}");
        }
    }
}
