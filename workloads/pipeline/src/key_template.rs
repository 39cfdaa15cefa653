//! The keys of copied archives: a template with variables, as of Python's `string.Template`, and slices of them.

use ccx_config::{ArchiveSync, TEMPLATE_VARIABLES};
use ccx_messages::{ClusterId, OrgId, Timestamp};
use chrono::{DateTime, FixedOffset};

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyTemplate {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: &'static str, slice: Slice },
}

/// A range of characters; negative positions count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slice {
    Whole,
    Range { from: Option<isize>, to: Option<isize> },
    Single(isize),
}

impl KeyTemplate {
    /// Parses the template of copied archives, with its prefix. Text that is no variable is kept.
    pub(crate) fn from_config(settings: &ArchiveSync) -> Self {
        let separator = if settings.prefix.is_empty() { "" } else { "/" };
        Self::parse(&format!("{}{separator}{}", settings.prefix, settings.name_template))
    }

    fn parse(template: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            push_text(&mut parts, &rest[..at]);
            let behind = &rest[at + 1..];
            if let Some(escaped) = behind.strip_prefix('$') {
                push_text(&mut parts, "$");
                rest = escaped;
            } else if let Some((part, tail)) = parse_variable(behind) {
                parts.push(part);
                rest = tail;
            } else {
                push_text(&mut parts, "$");
                rest = behind;
            }
        }
        push_text(&mut parts, rest);
        Self { parts }
    }

    /// Returns the key of an archive that was announced at `announced`.
    pub(crate) fn key(&self, cluster_id: ClusterId, org_id: OrgId, announced: &Timestamp) -> String {
        // The times are those of the text, whatever its zone.
        let time = DateTime::parse_from_rfc3339(announced.as_str())
            .unwrap_or_else(|_| announced.utc().fixed_offset());
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable { name, slice } => slice.apply(&value(name, cluster_id, org_id, &time)),
        };
        self.parts.iter().map(part).collect()
    }
}

fn value(name: &str, cluster_id: ClusterId, org_id: OrgId, time: &DateTime<FixedOffset>) -> String {
    match name {
        "cluster_id" => cluster_id.to_string(),
        "org_id" => org_id.to_string(),
        "year" => time.format("%Y").to_string(),
        "month" => time.format("%m").to_string(),
        "day" => time.format("%d").to_string(),
        "hour" => time.format("%H").to_string(),
        "minute" => time.format("%M").to_string(),
        "second" => time.format("%S").to_string(),
        _ => time.format("%H%M%S").to_string(),
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// Parses a variable behind its `$`, with or without braces, and its slice.
fn parse_variable(text: &str) -> Option<(Part, &str)> {
    let (inner, is_braced) = text.strip_prefix('{').map_or((text, false), |inner| (inner, true));
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let end = inner.find(|letter| !is_name(letter)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    let name = TEMPLATE_VARIABLES.into_iter().find(|known| *known == name)?;
    let (slice, rest) = parse_slice(rest).unwrap_or((Slice::Whole, rest));
    let rest = if is_braced { rest.strip_prefix('}')? } else { rest };
    Some((Part::Variable { name, slice }, rest))
}

/// Parses `[2]`, `[:2]`, `[2:]` or `[1:2]`.
fn parse_slice(text: &str) -> Option<(Slice, &str)> {
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    let position = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    let slice = match inside.split_once(':') {
        Some((from, to)) => Slice::Range { from: position(from)?, to: position(to)? },
        None => Slice::Single(inside.parse().ok()?),
    };
    Some((slice, rest))
}

impl Slice {
    /// Returns the part of a value, which is ASCII.
    fn apply(self, value: &str) -> String {
        let position = |at: isize| {
            let from_start =
                if at < 0 { value.len().saturating_sub(at.unsigned_abs()) } else { at.unsigned_abs() };
            from_start.min(value.len())
        };
        let (from, to) = match self {
            Self::Whole => (0, value.len()),
            Self::Range { from, to } => (from.map_or(0, position), to.map_or(value.len(), position)),
            Self::Single(at) => (position(at), (position(at) + 1).min(value.len())),
        };
        value.get(from..to).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";

    fn key(template: &str) -> String {
        let announced = Timestamp::parse("2026-01-05T02:03:04.5Z").unwrap();
        KeyTemplate::parse(template).key(CLUSTER.parse().unwrap(), OrgId::new(42).unwrap(), &announced)
    }

    #[test]
    fn default_template_is_that_of_other_services() {
        let announced = Timestamp::parse("2026-01-05T02:03:04.5Z").unwrap();
        let template = KeyTemplate::from_config(&ArchiveSync::default());
        let key = template.key(CLUSTER.parse().unwrap(), OrgId::new(42).unwrap(), &announced);
        assert_eq!(key, format!("archives/compressed/5d/{CLUSTER}/202601/05/020304.tar.gz"));
    }

    #[test]
    fn variables_and_slices_are_replaced() {
        assert_eq!(key("${org_id}/$hour:$minute:$second"), "42/02:03:04");
        assert_eq!(key("$cluster_id[-2:]/$cluster_id[0]/$cluster_id[1:3]"), "aa/5/d5");
        assert_eq!(key("${cluster_id[:2]}x"), "5dx");
        assert_eq!(key("$cluster_id[90:]."), ".");
    }

    #[test]
    fn other_text_is_kept() {
        assert_eq!(key("$$/$unknown/$/{x}/$time[a]"), "$/$unknown/$/{x}/020304[a]");
    }
}
