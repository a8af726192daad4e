//! Real Chromium, driven over chromedriver.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result};
use serde_json::json;
use thirtyfour::{ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver};

use crate::{node, process::CleanupProcess, workspace};

/// Flags that keep Chromium alone with the page: no screen, no sandbox (there is none to have in
/// a container), no traffic of its own.
const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
];

/// One Chromium with a fresh profile and one window; it ends with this value or this process.
#[derive(Debug)]
pub struct Browser {
    driver: WebDriver,
    _chromedriver: Chromedriver,
}

impl Browser {
    /// A browser to start.
    #[must_use]
    pub fn builder() -> BrowserBuilder {
        BrowserBuilder {
            width: 1280,
            height: 900,
            dark: false,
            forced_colors: false,
            javascript: true,
        }
    }

    /// The session, to navigate, find and click by.
    #[must_use]
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Writes what the window shows to `target/screenshots/<name>.png`.
    ///
    /// # Errors
    /// The browser is gone, or the file cannot be written.
    pub async fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let folder = workspace::target().join("screenshots");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        self.driver.screenshot(&path).await?;
        Ok(path)
    }

    /// What axe finds wrong with the page for people with disabilities, by the rules of WCAG up to AAA and the
    /// usual good practice: a line for each element.
    ///
    /// # Errors
    /// axe is not installed, or does not run in the page.
    pub async fn accessibility(&self) -> Result<Vec<String>> {
        let axe = fs::read_to_string(node::environment()?.package_file("axe-core/axe.min.js"))?;
        self.driver.execute(axe, Vec::new()).await?;
        let run = r#"
            const done = arguments[arguments.length - 1];
            // Off by default: the rules of level AAA.
            const rules = Object.fromEntries(axe.getRules(["wcag2aaa", "wcag21aaa", "wcag22aaa", "wcag22aa"])
                .map(rule => [rule.ruleId, { enabled: true }]));
            axe.run(document, { rules, resultTypes: ["violations"] }).then(
                result => done(result.violations.flatMap(it => it.nodes.map(node => `${it.id}: ${node.html} ${node.failureSummary}`))),
                error => done([String(error)]));
        "#;
        Ok(self.driver.execute_async(run, Vec::new()).await?.convert()?)
    }

    /// Ends the browser in an orderly way; to drop it is enough where a test has failed.
    ///
    /// # Errors
    /// The browser is gone already.
    pub async fn close(self) -> Result<()> {
        Ok(self.driver.clone().quit().await?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Else the session would ask chromedriver to end it and wait for the answer, which may
        // never come. The processes end with chromedriver's group.
        let _ = self.driver.clone().leak();
    }
}

/// What a browser shall be like.
#[derive(Debug, Clone, Copy)]
pub struct BrowserBuilder {
    width: u32,
    height: u32,
    dark: bool,
    forced_colors: bool,
    javascript: bool,
}

impl BrowserBuilder {
    /// Gives the page this many CSS pixels, at one device pixel each. 1280 × 900 if not said.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    /// Has the user prefer dark colours.
    #[must_use]
    pub fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// Has the system set the colours of all pages, as its high contrast does.
    #[must_use]
    pub fn forced_colors(self) -> Self {
        Self { forced_colors: true, ..self }
    }

    /// Runs no script of any page.
    #[must_use]
    pub fn without_javascript(self) -> Self {
        Self { javascript: false, ..self }
    }

    /// Starts the browser.
    ///
    /// # Errors
    /// Chromium or chromedriver is not installed or does not start.
    pub async fn start(self) -> Result<Browser> {
        let chromium = chromium().context("Chromium is not installed")?;
        let chromedriver = Chromedriver::start()?;
        let mut wishes = DesiredCapabilities::chrome();
        wishes.set_binary(&chromium.to_string_lossy())?;
        for flag in FLAGS {
            wishes.add_arg(flag)?;
        }
        let profile = chromedriver.folder.join("profile");
        wishes.add_arg(&format!("--user-data-dir={}", profile.display()))?;
        let server = format!("http://127.0.0.1:{}", chromedriver.port);
        let driver = WebDriver::new(server, wishes).await.context("Chromium does not start")?;
        let browser = Browser { driver, _chromedriver: chromedriver };
        self.set_up(&browser.driver).await?;
        Ok(browser)
    }

    /// Through the developer tools, since the flags for it are ignored (colours) or bounded (a
    /// window is never narrower than 500 pixels).
    async fn set_up(self, driver: &WebDriver) -> Result<()> {
        let metrics = json!({
            "width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": false,
        });
        let colours = if self.dark { "dark" } else { "light" };
        let forced = if self.forced_colors { "active" } else { "none" };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": colours },
            { "name": "forced-colors", "value": forced },
        ] });
        let scripts = json!({ "value": !self.javascript });
        for (command, parameters) in [
            ("Emulation.setDeviceMetricsOverride", metrics),
            ("Emulation.setEmulatedMedia", media),
            ("Emulation.setScriptExecutionDisabled", scripts),
        ] {
            driver.cdp().send_raw(command, parameters).await?;
        }
        Ok(())
    }
}

/// The chromedriver program: on `PATH`, or where GitHub's machines have it.
#[must_use]
pub fn chromedriver() -> Option<PathBuf> {
    let theirs: Vec<_> = env::var_os("CHROMEWEBDRIVER").map(PathBuf::from).into_iter().collect();
    workspace::find_program(&["chromedriver"], &theirs)
}

/// The Chromium program, or Google's Chrome.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    workspace::find_program(&names, &[])
}

#[derive(Debug)]
struct Chromedriver {
    child: Child,
    port: u16,
    folder: PathBuf,
    cleanup: CleanupProcess,
    // Open as long as it runs: a line written to a closed pipe would end it.
    _output: BufReader<ChildStdout>,
}

impl Chromedriver {
    fn start() -> Result<Self> {
        let program = chromedriver().context("chromedriver is not installed")?;
        let folder = tempfile::Builder::new().prefix("browser-").tempdir()?.keep();
        let mut cleanup = CleanupProcess::start(&folder)?;
        let mut child = Command::new(program)
            .arg("--port=0")
            // Chromium writes below both, and what it writes goes with our folder.
            .envs(["HOME", "TMPDIR"].map(|name| (name, &folder)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("chromedriver does not start")?;
        let group = -i64::from(child.id());
        // SIGKILL, so that nothing is written any more into the folder that goes.
        cleanup.kill_on_exit("KILL", group)?;
        let output = child.stdout.take().context("chromedriver has no output")?;
        let mut output = BufReader::new(output);
        let port = output.by_ref().lines().map_while(Result::ok).find_map(|line| port(&line));
        let port = port.context("chromedriver named no port")?;
        Ok(Self { child, port, folder, cleanup, _output: output })
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        self.cleanup.begin();
        // The cleanup sees it gone only when we have taken notice.
        let _ = self.child.wait();
    }
}

/// The port in `ChromeDriver was started successfully on port 35007.`
fn port(line: &str) -> Option<u16> {
    line.rsplit_once(" successfully on port ")?.1.trim_end_matches('.').parse().ok()
}
