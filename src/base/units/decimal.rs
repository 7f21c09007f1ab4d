//! Decimal numbers as written, kept exactly until they are scaled to a whole number.

/// A number as written: `mantissa` × 10^`exponent`, with its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    mantissa: u128,
    exponent: i32,
}

/// Why a text or a product is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// No number at all.
    NotANumber,
    /// A NaN or an infinity in words.
    NotFinite,
    /// Beyond what can be kept.
    TooLarge,
    /// Negative where only 0 and more make sense.
    Negative,
    /// Not a whole number of the unit asked for.
    NotWhole,
}

impl Decimal {
    /// Reads `12`, `-0.5`, `.5`, `1e-3`.
    ///
    /// # Errors
    /// The text is no number, is not finite, or has more digits than 10^36 holds.
    pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let lower = rest.to_ascii_lowercase();
        if matches!(lower.as_str(), "nan" | "inf" | "infinity") {
            return Err(DecimalError::NotFinite);
        }
        let (digits, power) = match rest.split_once(['e', 'E']) {
            Some((digits, power)) => (digits, exponent(power)?),
            None => (rest, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = whole.bytes().chain(fraction.bytes());
        if whole.len() + fraction.len() == 0 || !all.clone().all(|b| b.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        let mut mantissa = 0_u128;
        let mut dropped = 0;
        let mut zeros = 0_u32;
        for b in all {
            // Zeros are only taken in when a digit follows: trailing ones cost no room.
            if b == b'0' {
                zeros += 1;
                continue;
            }
            mantissa = shift(mantissa, zeros + 1)?
                .checked_add(u128::from(b - b'0'))
                .ok_or(DecimalError::TooLarge)?;
            zeros = 0;
        }
        if mantissa > 0 {
            dropped = i32::try_from(zeros).map_err(|_| DecimalError::TooLarge)?;
        }
        let places = i32::try_from(fraction.len()).map_err(|_| DecimalError::TooLarge)?;
        Ok(Decimal {
            negative: negative && mantissa > 0,
            mantissa,
            exponent: power - places + dropped,
        })
    }

    /// Below 0.
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// Times a factor, as a whole number.
    ///
    /// # Errors
    /// Negative, not whole, or beyond 64 bits.
    pub fn times(self, factor: u64) -> Result<u64, DecimalError> {
        let (quotient, remainder, _) = self.divided(factor)?;
        if remainder != 0 {
            return Err(DecimalError::NotWhole);
        }
        Ok(quotient)
    }

    /// Times a factor, rounded to a whole number, half to even.
    ///
    /// # Errors
    /// Negative, or beyond 64 bits.
    pub fn times_rounded(self, factor: u64) -> Result<u64, DecimalError> {
        let (quotient, remainder, divisor) = self.divided(factor)?;
        let up = match (remainder * 2).cmp(&divisor) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => quotient % 2,
            std::cmp::Ordering::Greater => 1,
        };
        quotient.checked_add(up).ok_or(DecimalError::TooLarge)
    }

    /// Whole part, remainder and divisor of the product with a factor.
    fn divided(self, factor: u64) -> Result<(u64, u128, u128), DecimalError> {
        if self.negative {
            return Err(DecimalError::Negative);
        }
        let product = self
            .mantissa
            .checked_mul(u128::from(factor))
            .ok_or(DecimalError::TooLarge)?;
        if product == 0 {
            return Ok((0, 0, 1));
        }
        let places = self.exponent.unsigned_abs();
        if self.exponent >= 0 {
            let whole = shift(product, places)?;
            let whole = u64::try_from(whole).map_err(|_| DecimalError::TooLarge)?;
            return Ok((whole, 0, 1));
        }
        // Beyond 10^38 the divisor is larger than any product: the quotient is 0.
        let divisor = shift(1, places.min(37)).unwrap_or(u128::MAX / 4);
        if places > 37 {
            return Ok((0, 1, 4));
        }
        let whole = u64::try_from(product / divisor).map_err(|_| DecimalError::TooLarge)?;
        Ok((whole, product % divisor, divisor))
    }
}

/// Times 10^places.
fn shift(value: u128, places: u32) -> Result<u128, DecimalError> {
    if value == 0 {
        return Ok(0);
    }
    let power = 10_u128.checked_pow(places).ok_or(DecimalError::TooLarge)?;
    value.checked_mul(power).ok_or(DecimalError::TooLarge)
}

fn exponent(text: &str) -> Result<i32, DecimalError> {
    let digits = text.trim_start_matches(['+', '-']);
    let fine = !digits.is_empty()
        && text.len() - digits.len() <= 1
        && digits.bytes().all(|b| b.is_ascii_digit());
    if !fine {
        return Err(DecimalError::NotANumber);
    }
    let value: i32 = text.parse().map_err(|_| DecimalError::TooLarge)?;
    if value.abs() > 100_000 {
        return Err(DecimalError::TooLarge);
    }
    Ok(value)
}
