//! The command line.

/// A command of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Run the service; also without a command.
    StartService,
    /// Print the help.
    PrintHelp,
    /// Print the configuration in force as JSON.
    PrintConfig,
    /// Print the variables of the environment.
    PrintEnv,
    /// Log the versions of the build.
    PrintVersionInfo,
    /// Report or change the version of the database's schema.
    Migration(MigrationTarget),
    /// An unknown command; the program reports it, prints the help and exits with success.
    Unknown(String),
}

/// The target version of the database's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationTarget {
    /// No target: report the current and the newest version.
    Report,
    /// The newest version.
    Latest,
    /// This version.
    Version(u32),
    /// Text that is not a version.
    NotAVersion(String),
    /// More than one argument.
    TooManyArguments,
}

impl Command {
    /// Parses the arguments after the program's name. Case and surrounding whitespace of the command are
    /// ignored.
    pub fn parse(arguments: &[String]) -> Self {
        let Some((command, rest)) = arguments.split_first() else { return Self::StartService };
        match command.trim().to_lowercase().as_str() {
            "start-service" => Self::StartService,
            "help" | "print-help" => Self::PrintHelp,
            "print-config" => Self::PrintConfig,
            "print-env" => Self::PrintEnv,
            "print-version-info" => Self::PrintVersionInfo,
            "migration" | "migrations" | "migrate" => Self::Migration(MigrationTarget::parse(rest)),
            unknown => Self::Unknown(unknown.to_owned()),
        }
    }
}

impl MigrationTarget {
    fn parse(arguments: &[String]) -> Self {
        match arguments {
            [] => Self::Report,
            [version] => match version.to_lowercase().as_str() {
                "latest" | "max" => Self::Latest,
                number => number.parse().map_or_else(|_| Self::NotAVersion(version.clone()), Self::Version),
            },
            _ => Self::TooManyArguments,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Command {
        Command::parse(
            &line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn absent_command_starts_the_service() {
        assert_eq!(parse(""), Command::StartService);
        assert_eq!(parse("Start-Service"), Command::StartService);
    }

    #[test]
    fn each_spelling_of_migration_takes_a_version() {
        for spelling in ["migration", "migrations", "migrate"] {
            let migration = |target| Command::Migration(target);
            assert_eq!(parse(spelling), migration(MigrationTarget::Report));
            assert_eq!(parse(&format!("{spelling} LATEST")), migration(MigrationTarget::Latest));
            assert_eq!(parse(&format!("{spelling} max")), migration(MigrationTarget::Latest));
            assert_eq!(parse(&format!("{spelling} 0")), migration(MigrationTarget::Version(0)));
            assert_eq!(
                parse(&format!("{spelling} -1")),
                migration(MigrationTarget::NotAVersion("-1".into()))
            );
            assert_eq!(parse(&format!("{spelling} 1 2")), migration(MigrationTarget::TooManyArguments));
        }
    }

    #[test]
    fn unknown_word_is_kept_for_the_message() {
        assert_eq!(parse("--help"), Command::Unknown("--help".into()));
    }
}
