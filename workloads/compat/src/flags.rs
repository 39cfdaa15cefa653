//! Command-line flags in the format of Go: `-name`, `--name`, `-name=value` and `-name value`.

use std::{collections::BTreeMap, fmt::Write as _};

/// A flag of a program.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Name, without dashes.
    pub name: &'static str,
    /// The values that it takes.
    pub kind: FlagKind,
    /// Description in the help.
    pub help: &'static str,
}

/// The values of a flag, with the default.
#[derive(Clone, Copy, Debug)]
pub enum FlagKind {
    /// Given or not; `-name=false` is possible.
    Bool(bool),
    /// A text.
    Text(&'static str),
    /// A whole number.
    Int(i64),
}

/// The values of all flags of a command line.
#[derive(Clone, Debug)]
pub struct FlagValues(BTreeMap<&'static str, String>);

/// The program ends because of its command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagError {
    /// The help is wanted: print it, and succeed.
    Help,
    /// The command line is invalid: print this and the help, and end with 2.
    Invalid(String),
}

/// Parses the arguments after the program's name. The first argument that is no flag ends them, as in Go.
pub fn parse_flags(flags: &[Flag], arguments: &[String]) -> Result<FlagValues, FlagError> {
    let mut values = FlagValues(flags.iter().map(|flag| (flag.name, flag.kind.default_text())).collect());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(name) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else { break };
        if name.is_empty() {
            break;
        }
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
            return Err(match name {
                "help" | "h" => FlagError::Help,
                _ => FlagError::Invalid(format!("flag provided but not defined: -{name}")),
            });
        };
        let value = match (value, flag.kind) {
            (Some(value), _) => value,
            (None, FlagKind::Bool(_)) => "true".to_owned(),
            (None, _) => {
                let missing = || FlagError::Invalid(format!("flag needs an argument: -{name}"));
                rest.next().ok_or_else(missing)?.clone()
            }
        };
        values.0.insert(flag.name, flag.kind.normalized(name, &value)?);
    }
    Ok(values)
}

/// Returns the help of a program.
pub fn usage(program: &str, flags: &[Flag]) -> String {
    let mut text = format!("Usage of {program}:\n");
    for flag in flags {
        let (kind, default) = match flag.kind {
            FlagKind::Bool(false) => ("", String::new()),
            FlagKind::Bool(true) => ("", " (default true)".to_owned()),
            FlagKind::Text("") => (" string", String::new()),
            FlagKind::Text(default) => (" string", format!(" (default {default:?})")),
            FlagKind::Int(0) => (" int", String::new()),
            FlagKind::Int(default) => (" int", format!(" (default {default})")),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  -{}{kind}\n    \t{}{default}", flag.name, flag.help);
    }
    text
}

impl FlagKind {
    fn default_text(self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Text(value) => value.to_owned(),
            Self::Int(value) => value.to_string(),
        }
    }

    fn normalized(self, name: &str, value: &str) -> Result<String, FlagError> {
        let parsed = match self {
            Self::Text(_) => Some(value.to_owned()),
            Self::Int(_) => value.parse::<i64>().ok().map(|number| number.to_string()),
            Self::Bool(_) => match value {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => Some("true".to_owned()),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => Some("false".to_owned()),
                _ => None,
            },
        };
        parsed.ok_or_else(|| {
            FlagError::Invalid(match self {
                Self::Bool(_) => format!("invalid boolean value {value:?} for -{name}: parse error"),
                _ => format!("invalid value {value:?} for flag -{name}: parse error"),
            })
        })
    }
}

impl FlagValues {
    /// Returns whether a flag is given.
    pub fn is_set(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// Returns the value of a flag; empty for one that the program does not have.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Returns the number of a flag; 0 for one that has none.
    pub fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: [Flag; 3] = [
        Flag { name: "dry-run", kind: FlagKind::Bool(true), help: "delete nothing" },
        Flag { name: "limit", kind: FlagKind::Int(-1), help: "limit rows" },
        Flag { name: "output", kind: FlagKind::Text("S3"), help: "output to" },
    ];

    fn parse(line: &str) -> Result<FlagValues, FlagError> {
        parse_flags(&FLAGS, &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn invalid(line: &str) -> String {
        match parse(line) {
            Err(FlagError::Invalid(message)) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn each_spelling_of_a_flag_is_parsed() {
        for line in
            ["-output file -limit 3 -dry-run=false", "--output=file --limit=3 --dry-run=0 word -output S3"]
        {
            let values = parse(line).unwrap();
            assert_eq!(
                (values.text("output"), values.int("limit"), values.is_set("dry-run")),
                ("file", 3, false)
            );
        }
        let defaults = parse("").unwrap();
        assert_eq!(
            (defaults.text("output"), defaults.int("limit"), defaults.is_set("dry-run")),
            ("S3", -1, true)
        );
    }

    #[test]
    fn invalid_command_line_is_named_in_the_words_of_go() {
        assert_eq!(invalid("-x"), "flag provided but not defined: -x");
        assert_eq!(invalid("-limit"), "flag needs an argument: -limit");
        assert_eq!(invalid("-limit=a"), "invalid value \"a\" for flag -limit: parse error");
        assert_eq!(invalid("-dry-run=maybe"), "invalid boolean value \"maybe\" for -dry-run: parse error");
        assert_eq!(parse("--help").unwrap_err(), FlagError::Help);
    }

    #[test]
    fn usage_has_the_format_of_go() {
        let expected = "Usage of program:\n  -dry-run\n    \tdelete nothing (default true)\n  -limit int\n    \t\
            limit rows (default -1)\n  -output string\n    \toutput to (default \"S3\")\n";
        assert_eq!(usage("program", &FLAGS), expected);
    }
}
