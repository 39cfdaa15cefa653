//! Texts on standard output.

/// Returns the help; `program` is the name by which the program was called.
pub fn help(program: &str) -> String {
    format!(
        "
Aggregator service for insights results

Usage:

    {program} [command]

The commands are:

    <EMPTY>             starts aggregator
    start-service       starts aggregator
    help                prints help
    print-help          prints help
    print-config        prints current configuration set by files & env variables
    print-env           prints env variables
    print-version-info  prints version info
    migration           prints information about migrations (current, latest)
    migration <version> migrates database to the specified version

"
    )
}

/// Returns the message about an unknown command; the help follows it.
pub fn command_not_found(command: &str) -> String {
    format!("\nCommand '{command}' not found\n")
}
