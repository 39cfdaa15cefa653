//! `spec.cleaner`

use ccx_crds::CcxPipelineSpec;

use crate::model::validated;

pub(super) fn cleaner(spec: &CcxPipelineSpec) -> Option<validated::Cleaner> {
    let cleaner = spec.cleaner.as_ref()?;
    Some(validated::Cleaner {
        schedule: cleaner.schedule.clone(),
        time_zone: cleaner.time_zone.clone(),
        max_age: cleaner.max_age.get(),
        is_suspended: cleaner.suspend,
        resources: cleaner.resources.clone().into(),
    })
}
