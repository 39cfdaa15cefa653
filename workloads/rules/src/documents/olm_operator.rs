//! Operators that OLM installed.

use serde::Deserialize;

use super::{List, Text, lenient::parse_list};
use crate::{Context, Input, Location};

/// The installed operators.
pub const OLM_OPERATORS: Input =
    Input::documents("olm_operators", &[Location::new("config/olm_operators.json").since(4, 6)], |context| {
        context.olm_operators().is_some()
    });

impl<'a> Context<'a> {
    /// Returns the elements of [`OLM_OPERATORS`]; `None` when the document is missing or no list.
    pub fn olm_operators(&self) -> Option<&[OlmOperator<'a>]> {
        let parse = || self.files(&OLM_OPERATORS).iter().find_map(parse_list);
        self.documents.olm_operators.get_or_init(parse).as_deref()
    }
}

/// An installed operator.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OlmOperator<'a> {
    /// Its name and where it is installed: `<name>.<namespace>`.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its display name.
    pub display_name: Text<'a>,
    /// Its version.
    pub version: Text<'a>,
    /// The conditions of its `ClusterServiceVersion`, oldest first.
    #[serde(rename = "csv_conditions")]
    pub phases: List<Phase<'a>>,
}

/// A state of an operator's installation.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Phase<'a> {
    /// `Succeeded`, `Installing`, `Failed` and others.
    #[serde(borrow, rename = "phase")]
    pub name: Text<'a>,
    /// The reason, as one word.
    pub reason: Text<'a>,
    /// The reason, as a sentence.
    pub message: Text<'a>,
    /// When it entered the phase.
    pub last_transition_time: Text<'a>,
}
