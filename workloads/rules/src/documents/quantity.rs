//! Kubernetes quantities: numbers with a unit.

/// Parses a quantity such as `16409932Ki`, `3500m` or `4`; `None` when it is not one.
///
/// ```
/// use ccx_rules::documents::parse_quantity;
///
/// assert_eq!(parse_quantity("3500m"), Some(3.5));
/// assert_eq!(parse_quantity("2Ki"), Some(2048.0));
/// assert_eq!(parse_quantity("many"), None);
/// ```
pub fn parse_quantity(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 14] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
    ];
    let with_unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = with_unit.unwrap_or((text, &1.0));
    // `f64` would also read "inf" and "nan".
    let is_number =
        number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E'));
    number.parse::<f64>().ok().filter(|_| is_number).map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_binary_and_decimal_units() {
        for (text, number) in [
            ("4", "4"),
            ("3500m", "3.5"),
            ("16409932Ki", "16803770368"),
            ("2Gi", "2147483648"),
            ("1.5G", "1500000000"),
            ("12e3", "12000"),
        ] {
            assert_eq!(
                parse_quantity(text).map(|number| number.to_string()).as_deref(),
                Some(number),
                "{text}"
            );
        }
        for text in ["", "Ki", "four", "inf", "NaN", "4 Gi", "4GB"] {
            assert_eq!(parse_quantity(text), None, "{text}");
        }
    }
}
