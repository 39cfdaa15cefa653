//! `ccx-operator crd`

use ccx_cli::CliError;

pub(crate) fn run() -> Result<(), Box<dyn CliError>> {
    ccx_cli::print_document(&ccx_crds::crd_yaml())?;
    Ok(())
}
