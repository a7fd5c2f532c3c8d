//! Chromium, as somebody in front of it uses it: visits, reads, types, presses. A wait is for what the page shows.

use std::path::Path;
use std::time::Duration;

use arena::Host;
use arena::deadline::Deadline;
use arena::process::run;
use serde_json::{Value, json};
use thirtyfour::error::{WebDriverErrorInner, WebDriverResult};
use thirtyfour::{
    By, Capabilities, CapabilitiesHelper, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver,
    WebElement,
};
use tokio::runtime::{Builder, Runtime};

use crate::driver::Driver;
use crate::xpath;
use crate::{Error, Result};

/// As this workplace and CI start it: nothing of it looks for the Internet.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// How long the page may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What kind of visitor sits in front of it.
#[derive(Clone, Debug)]
pub struct Look {
    /// The browser's language.
    pub language: &'static str,
    /// Width of the page; up to 500 it is a telephone's.
    pub width: u32,
    /// Whether the visitor prefers dark pages.
    pub is_dark: bool,
    /// Whether scripts run.
    pub has_scripts: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { language: "en", width: 1280, is_dark: false, has_scripts: true }
    }
}

impl Look {
    /// A telephone.
    pub fn phone() -> Self {
        Self { width: 390, ..Self::default() }
    }

    /// A browser that runs no scripts.
    pub fn scriptless() -> Self {
        Self { has_scripts: false, ..Self::default() }
    }
}

/// A browser with one window.
pub struct Browser {
    web: WebDriver,
    runtime: Runtime,
    _driver: Driver,
    base: String,
}

impl Browser {
    /// Opens one on `host` for the site at `base`; its files go under `directory`.
    pub fn open(host: &Host, directory: &Path, look: &Look, base: String) -> Result<Self> {
        settled(host)?;
        let home = tempfile::tempdir_in(directory)
            .map_err(arena::Error::io("create", "a directory for Chromium"))?;
        // The scene removes it, after the browser has ended.
        let home = home.keep();
        let driver = Driver::start(host, &home)?;
        let host = host.clone();
        // The driver listens on its host alone: whoever talks to it lives there.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_start(move || host.settle().expect("the host is there"))
            .enable_all()
            .build()
            .map_err(arena::Error::io("start", "a runtime"))?;
        let (url, wanted) = (driver.url().to_owned(), capabilities(look, &home.join("profile")));
        let wanted = wanted.map_err(|source| failed("be described", source))?;
        let opening = runtime.spawn(async move {
            let web =
                WebDriver::builder(url, wanted).request_timeout(Duration::from_secs(90)).connect().await?;
            web.set_implicit_wait_timeout(PATIENCE).await?;
            Ok(web)
        });
        let web = runtime.block_on(opening).expect("it does not panic");
        let web = web.map_err(|source| failed("open", source))?;
        let browser = Self { web, runtime, _driver: driver, base };
        let scheme = if look.is_dark { "dark" } else { "light" };
        browser.prefer(scheme)?;
        Ok(browser)
    }

    /// Opens a path of the site, or a whole address.
    pub fn visit(&self, path: &str) -> Result<()> {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let web = self.web.clone();
        self.run(&format!("visit {url}"), async move { web.goto(url).await })
    }

    /// Signs in on the page that asks for it, and waits for the overview.
    pub fn sign_in(&self, password: &str) -> Result<()> {
        self.find("//form[@action='/sign-in']")?;
        self.fill_at("//input[@name='account']", "admin")?;
        self.fill_at("//input[@name='password']", password)?;
        self.press_at("//form[@action='/sign-in']//button")?;
        self.find("//button[@role='switch']")
    }

    /// Path and query of the page that is open.
    pub fn path(&self) -> Result<String> {
        let web = self.web.clone();
        let url = self.run("tell where it is", async move { web.current_url().await })?.to_string();
        Ok(url.strip_prefix(&self.base).unwrap_or(&url).to_owned())
    }

    /// Waits until something is on the page.
    pub fn find(&self, xpath: &str) -> Result<()> {
        self.element(xpath).map(drop)
    }

    /// Waits until a text is on the page.
    pub fn reads(&self, text: &str) -> Result<()> {
        self.find(&xpath::shows(text))
    }

    /// Waits until something is not on the page any more.
    pub fn lacks(&self, xpath: &str) -> Result<()> {
        self.find(&xpath::without(xpath))
    }

    /// Whether something is on the page now.
    pub fn has(&self, xpath: &str) -> Result<bool> {
        Ok(self.count(xpath)? > 0)
    }

    /// How many of it are on the page now.
    pub fn count(&self, xpath: &str) -> Result<usize> {
        let (web, wanted) = (self.web.clone(), xpath.to_owned());
        self.run(&format!("count {xpath}"), async move {
            web.set_implicit_wait_timeout(Duration::ZERO).await?;
            let found = web.find_all(By::XPath(wanted)).await.map(|all| all.len());
            web.set_implicit_wait_timeout(PATIENCE).await?;
            found
        })
    }

    /// The text that somebody sees there.
    pub fn text(&self, xpath: &str) -> Result<String> {
        let element = self.element(xpath)?;
        self.run(&format!("read {xpath}"), async move { element.text().await })
    }

    /// Presses a button, link or summary of that name.
    pub fn press(&self, name: &str) -> Result<()> {
        self.press_at(&xpath::control(name))
    }

    /// Presses what is there, the first that can be seen.
    pub fn press_at(&self, xpath: &str) -> Result<()> {
        let (element, web) = (self.visible(xpath)?, self.web.clone());
        self.run(&format!("press {xpath}"), async move {
            match element.click().await {
                // Something sticks above it: scroll, as a person would.
                Err(error) if matches!(error.as_inner(), WebDriverErrorInner::ElementClickIntercepted(_)) => {
                    let script = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
                    web.execute(script, vec![element.to_json()?]).await?;
                    element.click().await
                }
                clicked => clicked,
            }
        })
    }

    /// Types into the field of that label, instead of what it holds.
    pub fn fill(&self, label: &str, text: &str) -> Result<()> {
        self.fill_at(&xpath::field(label), text)
    }

    /// Types into what is there, instead of what it holds.
    pub fn fill_at(&self, xpath: &str, text: &str) -> Result<()> {
        let (element, text) = (self.visible(xpath)?, text.to_owned());
        self.run(&format!("fill {xpath}"), async move {
            element.clear().await?;
            element.send_keys(text).await
        })
    }

    /// Presses keys there, without taking anything away.
    pub fn keys_at(&self, xpath: &str, keys: &str) -> Result<()> {
        let (element, keys) = (self.visible(xpath)?, keys.to_owned());
        self.run(&format!("press keys at {xpath}"), async move { element.send_keys(keys).await })
    }

    /// What the field of that label holds.
    pub fn value(&self, label: &str) -> Result<String> {
        self.value_at(&xpath::field(label))
    }

    /// What the field there holds.
    pub fn value_at(&self, xpath: &str) -> Result<String> {
        let element = self.element(xpath)?;
        let value = self.run(&format!("read {xpath}"), async move { element.prop("value").await })?;
        Ok(value.unwrap_or_default())
    }

    /// An attribute of what is there; empty if it has none.
    pub fn attribute(&self, xpath: &str, name: &'static str) -> Result<String> {
        let element = self.element(xpath)?;
        let value = self.run(&format!("read {xpath}"), async move { element.attr(name).await })?;
        Ok(value.unwrap_or_default())
    }

    /// Runs a script in the page, which its policy does not keep a driver from, and waits for its promise.
    pub fn script(&self, what: &str, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let (web, script) = (self.web.clone(), script.to_owned());
        self.run(what, async move { Ok(web.execute(script, arguments).await?.json().clone()) })
    }

    /// Takes the cookies back to the server with none.
    pub fn cookies(&self) -> Result<Vec<thirtyfour::Cookie>> {
        let web = self.web.clone();
        self.run("tell its cookies", async move { web.get_all_cookies().await })
    }

    /// Shows dark or light pages from now on.
    pub fn prefer(&self, scheme: &str) -> Result<()> {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.tools("Emulation.setEmulatedMedia", features)
    }

    /// A command to Chromium's own tools.
    pub fn tools(&self, command: &'static str, arguments: Value) -> Result<()> {
        let web = self.web.clone();
        self.run(command, async move { web.cdp().send_raw(command, arguments).await }).map(drop)
    }

    /// What the window shows, as PNG.
    pub fn picture(&self) -> Result<Vec<u8>> {
        let web = self.web.clone();
        self.run("take a picture", async move { web.screenshot_as_png().await })
    }

    fn element(&self, xpath: &str) -> Result<WebElement> {
        let (web, wanted) = (self.web.clone(), xpath.to_owned());
        self.run(&format!("find {xpath}"), async move { web.find(By::XPath(wanted)).await })
    }

    /// The first that can be seen: the navigation, say, is there twice, for wide windows and for narrow ones.
    fn visible(&self, xpath: &str) -> Result<WebElement> {
        let (web, wanted) = (self.web.clone(), xpath.to_owned());
        self.run(&format!("see {xpath}"), async move {
            let first = web.find(By::XPath(wanted.clone())).await?;
            for element in web.find_all(By::XPath(wanted)).await? {
                if element.is_displayed().await? {
                    return Ok(element);
                }
            }
            Ok(first)
        })
    }

    fn run<T: Send + 'static>(
        &self,
        what: &str,
        work: impl Future<Output = WebDriverResult<T>> + Send + 'static,
    ) -> Result<T> {
        let done = self.runtime.block_on(self.runtime.spawn(work)).expect("it does not panic");
        done.map_err(|source| match failed(what, source) {
            Error::Browser { what, source, .. } => Error::Browser { what, source, shown: self.shown() },
            other => other,
        })
    }

    /// Where it is and what it shows, for a message.
    fn shown(&self) -> String {
        let web = self.web.clone();
        let asked = self.runtime.spawn(async move {
            let url = web.current_url().await?;
            let body = web.find(By::Tag("body")).await?.text().await?;
            Ok::<_, thirtyfour::error::WebDriverError>(format!("{url}\n{body}"))
        });
        let shown = self.runtime.block_on(asked).expect("it does not panic");
        shown.unwrap_or_else(|error| format!("nothing: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver's end is the browser's end; to close the session first would only take time.
        let _ = self.web.clone().leak();
    }
}

/// Waits until the host's addresses stand: Chromium gives up whatever it is loading when one of them changes.
fn settled(host: &Host) -> Result<()> {
    let deadline = Deadline::after(PATIENCE);
    while !run(host.command("ip").args(["-6", "addr", "show", "tentative"]))?.is_empty()
        && deadline.left().is_some()
    {}
    Ok(())
}

fn capabilities(look: &Look, profile: &Path) -> WebDriverResult<Capabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    for flag in FLAGS {
        wanted.add_arg(flag)?;
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    wanted.add_arg(&format!("--accept-lang={}", look.language))?;
    wanted.add_arg(&format!("--window-size={},900", look.width.max(500)))?;
    wanted.set_binary("/usr/bin/chromium")?;
    wanted.accept_insecure_certs(true)?;
    if look.width <= 500 {
        let metrics = json!({ "width": look.width, "height": 844, "pixelRatio": 1.0 });
        wanted.add_experimental_option("mobileEmulation", json!({ "deviceMetrics": metrics }))?;
    }
    if !look.has_scripts {
        let preferences = json!({ "profile.managed_default_content_settings.javascript": 2 });
        wanted.add_experimental_option("prefs", preferences)?;
    }
    Ok(wanted.into())
}

fn failed(what: &str, source: thirtyfour::error::WebDriverError) -> Error {
    Error::Browser { what: what.to_owned(), source: Box::new(source), shown: String::new() }
}
