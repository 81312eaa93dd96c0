//! Decimal numbers by their digits, so that 1.005 rounds as it is written and not as a double holds it.

/// The most digits behind the point that are written.
pub(super) const MAX_DIGITS: usize = 20;

/// The most digits that a number may have when it is written out.
const MAX_TEXT: usize = 400;

/// A number as JSON writes it, rounded half up (away from zero) to so many digits behind the point; `None` when it is no
/// such number, or too long to write out.
pub(super) fn rounded(text: &str, digits: usize) -> Option<String> {
    let (negative, whole, fraction) = parts(text)?;
    let mut all: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0').collect();
    let keep = whole.len() + digits;
    let up = all.get(keep).is_some_and(|digit| *digit >= 5);
    all.resize(keep, 0);
    if up {
        add_one(&mut all);
    }
    let point = all.len() - digits;
    let is_zero = all.iter().all(|digit| *digit == 0);
    let shown: String = all.iter().map(|digit| char::from(b'0' + digit)).collect();
    let whole = shown[..point].trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && !is_zero { "-" } else { "" };
    let fraction = &shown[point..];
    Some(if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// The integer as a number with its last `digits` behind the point.
pub(super) fn shifted(minor: i64, digits: usize) -> String {
    let text = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Sign, digits before and behind the point, without an exponent.
fn parts(text: &str) -> Option<(bool, String, String)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 =
        exponent.parse().ok().filter(|power: &i32| power.unsigned_abs() as usize <= MAX_TEXT)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    if whole.len() + fraction.len() > 2 * MAX_TEXT {
        return None;
    }
    let (whole, fraction) = moved(whole, fraction, exponent);
    Some((negative, whole, fraction))
}

/// The point moved by so many places.
fn moved(whole: &str, fraction: &str, by: i32) -> (String, String) {
    let places = by.unsigned_abs() as usize;
    if by >= 0 {
        let padded = format!("{fraction:0<places$}");
        let (more, rest) = padded.split_at(places);
        return (format!("{whole}{more}"), rest.to_owned());
    }
    let padded = format!("{whole:0>places$}");
    let (rest, less) = padded.split_at(padded.len() - places);
    (rest.to_owned(), format!("{less}{fraction}"))
}

fn add_one(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_round_half_up_as_they_are_written() {
        for (text, digits, rounded_text) in [
            ("1.005", 2, "1.01"),
            ("12.345", 2, "12.35"),
            ("-0.004", 2, "0.00"),
            ("-2.5", 0, "-3"),
            ("999.999", 1, "1000.0"),
            ("12", 2, "12.00"),
            (".5", 0, "1"),
            ("1.5e3", 1, "1500.0"),
            ("25e-3", 2, "0.03"),
            ("12345678901234567890.125", 2, "12345678901234567890.13"),
        ] {
            assert_eq!(rounded(text, digits).as_deref(), Some(rounded_text), "{text}");
        }
        for text in ["", ".", "a", "1e999999", "--1", "1.2.3", "1e400000"] {
            assert_eq!(rounded(text, 2), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn rounding_is_that_of_integers(minor in -1_000_000_000_i64..1_000_000_000, digits in 0_usize..4) {
            let text = shifted(minor, 4);
            let unit = 10_i64.pow(4 - digits as u32);
            let nearest = (minor.abs() + unit / 2) / unit * minor.signum();
            prop_assert_eq!(rounded(&text, digits).unwrap(), shifted(nearest, digits));
        }
    }
}
