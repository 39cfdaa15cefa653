//! `ccx-operator crd`

use crate::{failure::Failure, output};

pub(crate) fn run() -> Result<(), Box<dyn Failure>> {
    output::print(&ccx_crds::crd_yaml())?;
    Ok(())
}
