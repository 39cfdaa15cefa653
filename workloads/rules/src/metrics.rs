//! Metrics of the cluster's Prometheus, in its text format.

use std::{borrow::Cow, collections::HashSet};

/// One value of a metric.
#[derive(Debug, PartialEq)]
pub struct Sample<'a> {
    /// The metric's name.
    pub family: &'a str,
    /// The value.
    pub value: f64,
    labels: &'a str,
}

impl<'a> Sample<'a> {
    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<Cow<'a, str>> {
        Labels(self.labels).find(|(label, _)| *label == name).map(|(_, value)| unescape(value))
    }

    /// Returns all labels and their values, in the order of the text.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        Labels(self.labels).map(|(label, value)| (label, unescape(value)))
    }
}

/// The metric families that rules read.
#[derive(Debug)]
pub(crate) struct Families(HashSet<Cow<'static, str>>);

impl Families {
    pub(crate) fn new(names: impl Iterator<Item = Cow<'static, str>>) -> Self {
        Self(names.collect())
    }

    /// Parses the samples of these families, in the order of the text; malformed lines are skipped.
    pub(crate) fn parse<'a>(&self, text: &'a [u8]) -> impl Iterator<Item = Sample<'a>> {
        text.split(|&byte| byte == b'\n').filter_map(|line| self.parse_line(line))
    }

    fn parse_line<'a>(&self, line: &'a [u8]) -> Option<Sample<'a>> {
        let name_len = line.iter().position(|byte| matches!(byte, b'{' | b' ' | b'\t'))?;
        let family = std::str::from_utf8(&line[..name_len]).ok()?;
        if !self.0.contains(family) {
            return None;
        }
        let rest = std::str::from_utf8(&line[name_len..]).ok()?;
        let (labels, value_and_time) = match rest.strip_prefix('{') {
            Some(rest) => rest.split_at_checked(labels_len(rest)?)?,
            None => ("", rest),
        };
        let value = value_and_time.trim_start_matches('}').split_whitespace().next()?;
        Some(Sample { family, labels, value: value.parse().ok()? })
    }
}

/// Returns the length of the labels before the closing brace; braces in values do not close.
fn labels_len(text: &str) -> Option<usize> {
    let mut labels = Labels(text);
    labels.by_ref().for_each(drop);
    labels.0.starts_with('}').then(|| text.len() - labels.0.len())
}

/// Iterates over the labels `a="x",b="y"` as pairs of a name and an escaped value, up to the first text that
/// is not a label.
struct Labels<'a>(&'a str);

impl<'a> Iterator for Labels<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_once("=\"")?;
        if name.contains(['}', '"']) {
            return None;
        }
        let end = closing_quote(rest)?;
        let (value, after) = (&rest[..end], &rest[end + 1..]);
        self.0 = after.strip_prefix(',').unwrap_or(after).trim_start();
        Some((name.trim_end(), value))
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Vec<Sample<'_>> {
        Families::new(["up", "hw"].into_iter().map(Cow::Borrowed)).parse(text.as_bytes()).collect()
    }

    #[test]
    fn sample_has_labels_and_value() {
        let samples =
            parse("# TYPE hw untyped\nhw{hw_version=\"vmx-13\",instance=\"a:1\"} 6 1619708403480\nup 1\n");
        assert_eq!(samples.len(), 2);
        assert_eq!((samples[0].family, samples[0].value), ("hw", 6.0));
        assert_eq!(samples[0].label("hw_version").as_deref(), Some("vmx-13"));
        assert_eq!(samples[0].label("version"), None);
        let labels: Vec<_> = samples[0].labels().collect();
        assert_eq!(labels, [("hw_version", "vmx-13".into()), ("instance", "a:1".into())]);
        assert_eq!((samples[1].family, samples[1].value), ("up", 1.0));
    }

    #[test]
    fn braces_commas_and_quotes_in_a_label_are_part_of_it() {
        let samples = parse("up{a=\"x}\\\"y\\\\,\",b=\"l\\nm\"} 2.5\n");
        assert_eq!(samples[0].label("a").as_deref(), Some("x}\"y\\,"));
        assert_eq!(samples[0].label("b").as_deref(), Some("l\nm"));
        assert_eq!(samples[0].value.to_string(), "2.5");
    }

    #[test]
    fn other_families_and_malformed_lines_are_skipped() {
        assert_eq!(parse("upper 1\nup\nup{\nup{a=\"b\nup{} x\nup{a=\"b\"} \n\nup{a=\"b\"\n"), []);
        assert_eq!(parse("up{} 1").len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic(text in "(up|hw|#)?[a{}=\",\\\\ \\n0-9é]{0,40}") {
            for sample in parse(&text) {
                let _ = sample.label("a");
            }
        }

        #[test]
        fn any_label_value_is_read_back(value in "[ -~é\\n]{0,20}") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let text = format!("up{{x=\"1\",v=\"{escaped}\"}} 1 2\n");
            let samples = parse(&text);
            let read = samples[0].label("v");
            prop_assert_eq!(read.as_deref(), Some(value.as_str()));
        }
    }
}
