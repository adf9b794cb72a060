use clap::{Args, Command, FromArgMatches};

use super::*;

/// Values at and beyond the limits of any option, and invalid ones.
const HOSTILE: [&str; 32] = [
    "",
    " ",
    "0",
    "1",
    "-0",
    "-1",
    "-0.5",
    "1.5",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "-1e400",
    "1e308",
    "1e-400",
    "4294967296",
    "1000001",
    "268435457",
    "1000000000000",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
    "584942417355y",
    "999999999999999999s",
    "0x10",
    "\u{202e}\u{7}",
    "%n%s",
    "/dev/null",
    "http://127.0.0.1:1/",
    "reset=1e400",
];

fn command() -> Command {
    EmulatorArgs::augment_args(Command::new("emulator")).mut_args(crate::common)
}

fn parse<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<EmulatorArgs, clap::Error> {
    let arguments = std::iter::once("emulator").chain(arguments);
    let mut found = command().try_get_matches_from(arguments)?;
    EmulatorArgs::from_arg_matches_mut(&mut found)
}

/// Returns the options that an option requires.
fn companions(option: &str) -> &'static [&'static str] {
    match option {
        "secret-id" => &["--secret-key", "k"],
        "secret-key" => &["--secret-id", "i"],
        "faults-seed" => &["--faults", "reset=0"],
        "callback-url" => &[],
        _ if option.starts_with("callback-") => &["--callback-url", "http://127.0.0.1:1/"],
        _ => &[],
    }
}

/// Each option that takes a value, taken from the command itself so that none is forgotten.
#[test]
fn no_value_of_any_option_panics() {
    let command = command();
    let options = command.get_arguments().filter(|arg| arg.get_action().takes_values());
    let names: Vec<_> = options.map(|arg| arg.get_long().unwrap().to_owned()).collect();
    assert!(names.len() >= 16, "{names:?}");
    let (mut started, mut refused) = (0, 0);
    for name in &names {
        for value in HOSTILE {
            let option = format!("--{name}={value}");
            let given = companions(name).iter().copied().chain([option.as_str()]);
            let shown = format!("{option:?}");
            match parse(given).map_err(|error| error.to_string()) {
                Err(error) => {
                    assert!(error.contains(name.as_str()), "{shown}: {error}");
                    refused += 1;
                }
                Ok(args) => match settings(&args).and_then(|(builder, _)| start(builder)) {
                    Ok(emulator) => {
                        drop(emulator);
                        started += 1;
                    }
                    Err(failure) => {
                        let failure = failure.to_string();
                        assert!(failure.contains("; "), "{shown}: {failure}");
                        refused += 1;
                    }
                },
            }
        }
    }
    assert!(started > 40 && refused > 200, "{started} {refused}");
}

#[test]
fn values_past_a_limit_are_refused_with_option_and_limit() {
    let url = ["--callback-url", "http://127.0.0.1:1/"];
    for (arguments, words) in [
        (["--flows", "18446744073709551615"], ["--flows", "expected 0 to 1000000"]),
        (["--flows", "18446744073709551616"], ["--flows", "expected 0 to 1000000"]),
        (["--flows", "1000001"], ["--flows", "expected 0 to 1000000"]),
        (["--flows", "-1"], ["--flows", "expected 0 to 1000000"]),
        (["--pdf-size", "1000000000000"], ["--pdf-size", "expected 0 to 268435456"]),
        (["--pdf-size", "-1"], ["--pdf-size", "expected 0 to 268435456"]),
        (["--speed", "nan"], ["--speed", "expected 0 to 1000000"]),
        (["--speed", "inf"], ["--speed", "expected 0 to 1000000"]),
        (["--speed", "-1"], ["--speed", "expected 0 to 1000000"]),
        (["--speed", "1e400"], ["--speed", "expected 0 to 1000000"]),
        (["--speed", "fast"], ["--speed", "expected 0 to 1000000"]),
        (["--faults", "reset=nan"], ["--faults", "is not between 0 and 1"]),
        (["--faults", "reset=1.01"], ["--faults", "is not between 0 and 1"]),
        (["--callback-repeat", "nan"], ["--callback-repeat", "expected 0 to 1"]),
        (["--callback-repeat", "-0.1"], ["--callback-repeat", "expected 0 to 1"]),
        (["--callback-delay", "25h"], ["--callback-delay", "expected at most 24h"]),
        (["--callback-delay", "500000000000y"], ["--callback-delay", "longer than 10 years"]),
    ] {
        let error = parse(arguments.into_iter().chain(url)).err().unwrap().to_string();
        for word in words {
            assert!(error.contains(word), "{arguments:?}: {error}");
        }
    }
    for arguments in
        [["--speed", "0"], ["--speed", "1e6"], ["--flows", "0"], ["--pdf-size", "268435456"]]
    {
        let args = parse(arguments).unwrap();
        drop(start(settings(&args).unwrap().0).unwrap());
    }
}
