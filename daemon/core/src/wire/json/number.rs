//! Which numbers keep their decimal value, and as what.

/// A number by what holds its decimal value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// A whole number, written as one, that an `i64` holds.
    Integer(i64),
    /// A number that the shortest form of this double gives back.
    Float(f64),
    /// Any other: only its text has its value.
    Opaque,
}

/// A decimal number as `mantissa * 10^exponent`, the mantissa without trailing zeros: equal numbers are equal here. It
/// has no sign, since a double always keeps that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    mantissa: u64,
    exponent: i64,
}

/// No double has a longer shortest form than this.
const LONGEST_SHORTEST_FORM: u32 = 17;

/// Each decimal number below this mantissa has a double of its own, as long as that double is a normal one.
const FIFTEEN_DIGITS: u64 = 1_000_000_000_000_000;

/// Says what holds the value of `text`, a number in JSON's grammar.
pub(super) fn classify(text: &str) -> Number {
    if let Ok(integer) = text.parse() {
        return Number::Integer(integer);
    }
    let (Some(source), Ok(value)) = (Decimal::read(text), text.parse::<f64>()) else {
        return Number::Opaque;
    };
    let is_exact = source.mantissa < FIFTEEN_DIGITS && value.is_normal();
    if is_exact || Decimal::written(value) == Some(source) {
        return Number::Float(value);
    }
    Number::Opaque
}

impl Decimal {
    const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// The shortest form of a double. It is serde_json's, not `std`'s: some doubles lie in the middle between two shortest
    /// forms, and what counts is the one that is sent on. `None` for an infinity.
    fn written(value: f64) -> Option<Self> {
        let number = serde_json::Number::from_f64(value)?;
        Self::read(&number.to_string())
    }

    /// Reads a number. `None` when it has more digits than a double's shortest form can have, or an absurd exponent.
    fn read(text: &str) -> Option<Self> {
        let (significand, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (mut mantissa, mut digits, mut zeros, mut fraction) = (0_u64, 0_u32, 0_u32, 0_i64);
        let mut is_fraction = false;
        for byte in significand.bytes() {
            if !byte.is_ascii_digit() {
                is_fraction = byte == b'.';
                continue;
            }
            fraction += i64::from(is_fraction);
            if byte == b'0' {
                zeros = zeros.saturating_add(u32::from(mantissa != 0));
                continue;
            }
            digits = digits.saturating_add(zeros).saturating_add(1);
            if digits > LONGEST_SHORTEST_FORM {
                return None;
            }
            mantissa = mantissa * 10_u64.pow(zeros + 1) + u64::from(byte - b'0');
            zeros = 0;
        }
        if mantissa == 0 {
            return Some(Self::ZERO);
        }
        let exponent = exponent.parse::<i64>().ok()?.checked_sub(fraction)?;
        Some(Self { mantissa, exponent: exponent.checked_add(i64::from(zeros))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_numbers_that_an_i64_holds_are_integers() {
        for (text, value) in [("0", 0), ("-0", 0), ("42", 42), ("9223372036854775807", i64::MAX)] {
            assert_eq!(classify(text), Number::Integer(value), "{text}");
        }
        assert_eq!(classify("-9223372036854775808"), Number::Integer(i64::MIN));
    }

    #[test]
    fn numbers_that_a_double_gives_back_are_floats() {
        for text in [
            "0.1",
            "12.50",
            "-1.5",
            "1.0",
            "1e3",
            "1E+3",
            "0.000",
            "-0.0",
            "0e999999999999999999999",
            "1e22",
            "5e-324",
            "1.7976931348623157e308",
            "2.2250738585072014e-308",
            "0.30000000000000004",
            "100000000000000000000",
        ] {
            let value: f64 = text.parse().unwrap();
            assert_eq!(classify(text), Number::Float(value), "{text}");
        }
    }

    #[test]
    fn of_two_shortest_forms_the_one_that_is_sent_on_is_a_float() {
        assert_eq!(classify("-253510454719657.62"), Number::Float(-253510454719657.62));
        assert_eq!(classify("-253510454719657.63"), Number::Opaque);
    }

    #[test]
    fn numbers_that_a_double_would_change_are_opaque() {
        for text in [
            "1e400",
            "-1e400",
            "1e-400",
            "12345678901234567890",
            "9223372036854775808",
            "18446744073709551616",
            "0.1234567890123456789",
            "0.10000000000000001",
            "9007199254740993.0",
            "3e-324",
            "4.9e-324",
            "1e9223372036854775807",
            "1e-99999999999999999999",
        ] {
            assert_eq!(classify(text), Number::Opaque, "{text}");
        }
    }

    fn finite() -> impl Strategy<Value = f64> {
        use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
    }

    proptest! {
        #[test]
        fn any_double_that_was_written_is_the_same_double_again(value in finite()) {
            prop_assert_eq!(classify(&serde_json::to_string(&value).unwrap()), Number::Float(value));
        }

        #[test]
        fn a_float_is_sent_on_as_the_number_that_was_read(text in r"-?(0|[1-9][0-9]{0,18})\.[0-9]{1,18}(e-?[0-9]{1,3})?") {
            if let Number::Float(value) = classify(&text) {
                prop_assert_eq!(Decimal::read(&serde_json::to_string(&value).unwrap()), Decimal::read(&text));
            }
        }
    }
}
