use std::process::{Command, Stdio};

/// Sends a signal to a process, or to a group of processes, whose id then begins with `-`; returns whether it exists. The
/// signal `0` only asks.
///
/// It uses the shell's own `kill`: the program of this name is part of procps, which minimal systems lack.
pub fn send_signal(signal: &str, process: &impl ToString) -> bool {
    let mut kill = Command::new("sh");
    kill.args(["-c", r#"kill -s "$0" -- "$1""#, signal]).arg(process.to_string());
    kill.stderr(Stdio::null()).status().expect("sh runs").success()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};

    use super::*;

    #[test]
    fn signal_reaches_processes_and_groups_until_they_have_ended() {
        let start = || Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        for target in ["", "-"] {
            let mut process = start();
            let target = format!("{target}{}", process.id());
            assert!(send_signal("0", &target) && send_signal("TERM", &target));
            assert_eq!(process.wait().unwrap().signal(), Some(15));
            assert!(!send_signal("0", &target));
        }
    }
}
