//! Derives the changes, and the pods that would restart and why, from the objects before and after. Pure.

mod diff;
pub mod restart;
mod text_diff;

use ccx_crds::{ChangeAction, PlannedChange, PlannedRestart};
pub use diff::FieldChange;
pub(crate) use diff::laid_over;
use kube::core::DynamicObject;

use crate::{
    model::{component::Component, kind::Kind, object::Object, problem::Problem, resources::Child},
    plan::restart::{RestartReason, restart_reasons},
};

/// An object before and after a change.
#[derive(Clone, Debug)]
pub struct Transition {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its component.
    pub component: Option<Component>,
    /// The live object; `None` when it would be created.
    pub before: Option<DynamicObject>,
    /// The desired object; `None` when it would be deleted.
    pub after: Option<DynamicObject>,
}

/// The planned changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The objects that would be written or deleted, in the order of the stages.
    pub changes: Vec<Change>,
    /// The components whose pods would restart.
    pub restarts: Vec<Restart>,
    /// Missing references: the changes of children that need them are not known.
    pub missing: Vec<Problem>,
}

/// A change of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The action.
    pub action: ChangeAction,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The changed fields; empty for an object that is created or deleted.
    pub fields: Vec<FieldChange>,
}

/// A component whose pods would restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The component.
    pub component: Component,
    /// The reasons; never empty.
    pub reasons: Vec<RestartReason>,
}

/// The limits of the schema: changes in the status of a resource, and fields of each.
const MAX_STATUS_CHANGES: usize = 128;
const MAX_STATUS_FIELDS: usize = 32;
/// The limit of a field's path and values in characters.
const MAX_STATUS_FIELD_LENGTH: usize = 512;

impl Transition {
    /// Returns the transition of a child: `before` is the live object, `after` the response to a dry run.
    pub fn from_child(child: &Child, before: Option<DynamicObject>, after: DynamicObject) -> Self {
        let name = child.name().to_owned();
        Self { kind: child.kind(), name, component: child.component, before, after: Some(after) }
    }

    /// Returns the deletion of an orphan.
    pub fn deletion(kind: Kind, name: String) -> Self {
        let before = DynamicObject::new(&name, &kind.api_resource());
        Self { kind, name, component: None, before: Some(before), after: None }
    }
}

/// Returns the changes, and the pods that would restart and why.
pub fn plan(transitions: &[Transition]) -> Plan {
    Plan {
        changes: transitions.iter().filter_map(change).collect(),
        restarts: transitions.iter().filter_map(restart).collect(),
        missing: Vec::new(),
    }
}

fn change(transition: &Transition) -> Option<Change> {
    let change =
        |action, fields| Change { action, kind: transition.kind, name: transition.name.clone(), fields };
    match (&transition.before, &transition.after) {
        (None, None) => None,
        (None, Some(_)) => Some(change(ChangeAction::Create, Vec::new())),
        (Some(_), None) => Some(change(ChangeAction::Delete, Vec::new())),
        (Some(before), Some(after)) => {
            let fields = diff::fields(transition.kind, before, after);
            (!fields.is_empty()).then(|| change(ChangeAction::Update, fields))
        }
    }
}

fn restart(transition: &Transition) -> Option<Restart> {
    let component = transition.component?;
    let workload = |object: &Option<DynamicObject>| Object::from_live(transition.kind, object.as_ref()?);
    let reasons = restart_reasons(&workload(&transition.before)?, &workload(&transition.after)?);
    (!reasons.is_empty()).then_some(Restart { component, reasons })
}

impl Plan {
    /// Returns the plan for the status, within the limits of the schema.
    pub fn to_status(&self) -> ccx_crds::Plan {
        let omitted = self.changes.len().saturating_sub(MAX_STATUS_CHANGES);
        ccx_crds::Plan {
            changes: self.changes.iter().take(MAX_STATUS_CHANGES).map(Change::to_status).collect(),
            restarts: self.restarts.iter().map(Restart::to_status).collect(),
            omitted_changes: i32::try_from(omitted).unwrap_or(i32::MAX),
        }
    }
}

impl Change {
    fn to_status(&self) -> PlannedChange {
        let summary = |field: &FieldChange| field.summary().chars().take(MAX_STATUS_FIELD_LENGTH).collect();
        PlannedChange {
            action: self.action,
            kind: self.kind.name().to_owned(),
            name: self.name.clone(),
            fields: self.fields.iter().take(MAX_STATUS_FIELDS).map(summary).collect(),
        }
    }
}

impl Restart {
    fn to_status(&self) -> PlannedRestart {
        PlannedRestart { component: self.component.name().to_owned(), reason: self.reason() }
    }

    /// Returns the reasons as one sentence.
    pub fn reason(&self) -> String {
        self.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests;
