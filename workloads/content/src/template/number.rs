//! Parsing and formatting of numbers as in JavaScript.

use super::text::is_space;

/// Formats a number: the shortest text that parses to the same number, with an exponent below 1e-6 and from
/// 1e21 on.
pub(super) fn to_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}Infinity");
    }
    // The shortest digits, with the point after the first one, and the exponent.
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e').expect("{:e} writes an exponent");
    let exponent: i32 = exponent.parse().expect("{:e} writes a number behind the e");
    format!("{sign}{}", place_point(&mantissa.replace('.', ""), exponent))
}

/// Formats digits with a point after the first, times ten to the power of `exponent`.
fn place_point(digits: &str, exponent: i32) -> String {
    let count = i32::try_from(digits.len()).expect("a double has at most 17 digits");
    match exponent {
        -6..=-1 => format!("0.{}{digits}", zeros(-exponent - 1)),
        0..=20 if count <= exponent + 1 => format!("{digits}{}", zeros(exponent + 1 - count)),
        0..=20 => {
            let (whole, fraction) = digits.split_at(usize::try_from(exponent + 1).expect("it is positive"));
            format!("{whole}.{fraction}")
        }
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            let point = if count > 1 { "." } else { "" };
            format!("{}{point}{}e{sign}{}", &digits[..1], &digits[1..], exponent.abs())
        }
    }
}

fn zeros(count: i32) -> String {
    "0".repeat(usize::try_from(count).unwrap_or_default())
}

/// Parses a text; NaN if it is not a number. Surrounding whitespace is ignored; an empty text is zero.
pub(super) fn parse(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    match text.as_bytes() {
        [] => 0.0,
        [b'0', b'x' | b'X', ..] => parse_digits(&text[2..], 16),
        [b'0', b'o' | b'O', ..] => parse_digits(&text[2..], 8),
        [b'0', b'b' | b'B', ..] => parse_digits(&text[2..], 2),
        _ if decimal_length(text) == text.len() => parse_decimal(text),
        _ => f64::NAN,
    }
}

/// `parseFloat`: parses the number at the start of a text.
pub(super) fn parse_prefix(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    parse_decimal(&text[..decimal_length(text)])
}

/// `parseInt`: parses the whole number at the start of a text.
pub(super) fn parse_whole_prefix(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let (digits, radix) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&digits[2..], 16),
        _ => (digits, 10),
    };
    let length = digits.bytes().take_while(|&byte| char::from(byte).is_digit(radix)).count();
    let number =
        if radix == 10 { parse_decimal(&digits[..length]) } else { parse_digits(&digits[..length], radix) };
    sign * number
}

/// Returns the length of the decimal number at the start of a text, with its sign; zero without a number.
fn decimal_length(text: &str) -> usize {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign_length = text.len() - unsigned.len();
    if unsigned.starts_with("Infinity") {
        return sign_length + "Infinity".len();
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(unsigned);
    let fraction = unsigned[whole..].strip_prefix('.').map(digits);
    if whole + fraction.unwrap_or_default() == 0 {
        return 0;
    }
    let mantissa = whole + fraction.map_or(0, |digits| digits + 1);
    let exponent = unsigned[mantissa..].strip_prefix(['e', 'E']).map_or(0, |exponent| {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(unsigned);
        if count == 0 { 0 } else { 1 + exponent.len() - unsigned.len() + count }
    });
    sign_length + mantissa + exponent
}

/// Parses a text that is either a decimal number or empty, which is NaN.
fn parse_decimal(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

fn parse_digits(digits: &str, radix: u32) -> f64 {
    let add = |number: f64, digit: char| Some(number * f64::from(radix) + f64::from(digit.to_digit(radix)?));
    if digits.is_empty() { f64::NAN } else { digits.chars().try_fold(0.0, add).unwrap_or(f64::NAN) }
}

/// Additional digits, enough to distinguish a half from a number close to it.
const MORE_DIGITS: usize = 30;

/// `toFixed`: formats a number with `digits` decimal places; halves are rounded up.
pub(super) fn to_fixed(number: f64, digits: usize) -> String {
    if number.is_nan() || number.abs() >= 1e21 {
        return to_text(number);
    }
    let exact = format!("{:.*}", digits + MORE_DIGITS, number.abs());
    let (kept, dropped) = exact.split_at(exact.len() - MORE_DIGITS);
    let kept = kept.strip_suffix('.').unwrap_or(kept);
    let rounded = if dropped.as_bytes()[0] >= b'5' { round_up(kept) } else { kept.to_owned() };
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{rounded}")
}

/// Increments the last of some decimal digits, which may have a point.
fn round_up(digits: &str) -> String {
    let mut bytes = digits.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev().filter(|byte| **byte != b'.') {
        if *byte == b'9' {
            *byte = b'0';
        } else {
            *byte += 1;
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    format!("1{}", String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_text_formats_as_javascript() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (8.16, "8.16"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e22, "1.25e+22"),
            (0.000_001, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (1e-7, "1e-7"),
            (123_456.789, "123456.789"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (0.1 + 0.2, "0.30000000000000004"),
        ];
        for (number, text) in cases {
            assert_eq!(to_text(number), text);
        }
    }

    #[test]
    fn parse_converts_as_javascript() {
        for (text, number) in
            [("", 0.0), (" 12 ", 12.0), ("-1.5e3", -1500.0), ("0x1f", 31.0), (".5", 0.5), ("5.", 5.0)]
        {
            assert!((parse(text) - number).abs() < f64::EPSILON, "{text}");
        }
        for text in ["12px", "1e", "inf", "nan", "1_000", "- 1", "0x", "."] {
            assert!(parse(text).is_nan(), "{text}");
        }
        assert!(parse("-Infinity").is_infinite());
    }

    #[test]
    fn parse_prefix_reads_the_number_at_the_start() {
        assert_eq!(
            (to_text(parse_prefix("3.5 GB")), to_text(parse_whole_prefix("3.5 GB"))),
            ("3.5".into(), "3".into())
        );
        assert_eq!(
            (to_text(parse_prefix("1e+")), to_text(parse_whole_prefix("-0x1g"))),
            ("1".into(), "-1".into())
        );
        assert!(parse_prefix("GB").is_nan() && parse_whole_prefix("").is_nan());
    }

    #[test]
    fn to_fixed_rounds_halves_up() {
        for (number, digits, text) in [
            (2.5, 0, "3"),
            (0.5, 0, "1"),
            (1.25, 1, "1.3"),
            (1.005, 2, "1.00"),
            (-1.5, 0, "-2"),
            (9.99, 1, "10.0"),
            (3.0, 2, "3.00"),
        ] {
            assert_eq!(to_fixed(number, digits), text);
        }
    }
}
