//! `ccx-operator crd`

use crate::{cli_error::CliError, output};

pub(crate) fn run() -> Result<(), Box<dyn CliError>> {
    output::print(&ccx_crds::crd_yaml())?;
    Ok(())
}
