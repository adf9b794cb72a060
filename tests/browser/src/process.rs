//! Chromium's WebDriver and `essbasic explore` as process groups, which are killed on every exit of this program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::site::Site;
use crate::support::essbasic;

/// Leaders of the running groups, for the handler of signals, which runs no destructor.
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A process with all its descendants in one process group.
pub(crate) struct Group(Child);

impl Group {
    pub(crate) fn start(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt;
        command.process_group(0).stdin(Stdio::null());
        let group = command.spawn().map(Self).unwrap();
        GROUPS.lock().unwrap().push(group.0.id());
        group
    }

    /// Returns the first line of stdout for which `find` returns a value. A thread reads the rest, so that the process is never
    /// blocked by a full pipe.
    pub(crate) fn line<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> T {
        let mut lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let found = lines.by_ref().find_map(|line| find(&line.unwrap())).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        found
    }
}

fn kill(leader: u32) {
    // All processes of the group may have exited.
    let _ = killpg(Pid::from_raw(leader.try_into().unwrap()), Signal::SIGKILL);
}

impl Drop for Group {
    fn drop(&mut self) {
        GROUPS.lock().unwrap().retain(|id| *id != self.0.id());
        kill(self.0.id());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Kills all groups and exits if this program is interrupted.
pub(crate) fn exit_on_signal() {
    ctrlc::set_handler(|| {
        GROUPS.lock().unwrap().iter().copied().for_each(kill);
        std::process::exit(130);
    })
    .unwrap();
}

/// A running WebDriver of Chromium.
pub(crate) struct Driver {
    pub(crate) url: String,
    _group: Group,
    /// Profile of the browser, and its home.
    pub(crate) home: TempDir,
}

impl Driver {
    pub(crate) fn start(program: &Path) -> Self {
        let home = TempDir::new().unwrap();
        let mut command = Command::new(program);
        command.arg("--port=0").env("HOME", home.path()).env("TMPDIR", home.path());
        let mut group = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let port: u16 = group.line(|line| {
            line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        Self { url: format!("http://127.0.0.1:{port}"), _group: group, home }
    }
}

/// A running `essbasic explore`.
pub(crate) struct Explorer {
    /// `http://127.0.0.1:PORT`.
    pub(crate) origin: String,
    pub(crate) token: String,
    pub(crate) mode: String,
    _group: Group,
    _home: TempDir,
}

impl Explorer {
    /// Starts `essbasic explore --no-open` with these arguments and variables.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let home = TempDir::new().unwrap();
        let mut command = essbasic(home.path());
        command.args(["explore", "--no-open"]).args(arguments).envs(variables.iter().copied());
        let mut group = Group::start(command.stderr(Stdio::inherit()));
        let ready: Value = group.line(|line| serde_json::from_str(line).ok());
        let url = ready["url"].as_str().unwrap();
        let (origin, token) = url.split_once("/#token=").unwrap();
        Self {
            origin: origin.to_owned(),
            token: token.to_owned(),
            mode: ready["mode"].as_str().unwrap().to_owned(),
            _group: group,
            _home: home,
        }
    }

    /// Sends a request with the token, and returns the status and the JSON of the response. `body`: a POST with it.
    pub(crate) fn api(
        &self,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("{}{path}", self.origin);
        let token = format!("Bearer {}", self.token);
        let response = match body {
            None => agent.get(url).header("authorization", token).call(),
            Some(body) => {
                let mut request = agent.post(url).header("authorization", token);
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                request.header("content-type", "application/json").send(body.to_string())
            }
        };
        let mut response = response.unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), serde_json::from_str(&text).unwrap())
    }

    /// Calls an action, and returns the content of its response.
    pub(crate) fn call(&self, action: &str, body: &Value) -> Value {
        let path = format!("/api/call/{action}");
        let (_, mut outcome) = self.api(&path, Some(body), &[("x-confirm-action", action)]);
        assert_eq!(outcome["ok"], true, "{outcome}");
        outcome["response"].take()
    }
}

impl Site for Explorer {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn token(&self) -> &str {
        &self.token
    }
}

/// Polls until the condition is true. The limit only bounds a failure.
pub(crate) async fn until<T>(what: &str, mut poll: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = poll().await {
            return value;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "timeout: {what}");
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
