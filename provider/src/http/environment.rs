//! The process's environment as a value, so that a test can bring its own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Variables, and whether other programs of the machine may be asked.
#[derive(Clone)]
pub struct Environment {
    given: Option<Arc<BTreeMap<String, String>>>,
}

impl Environment {
    /// The environment of this process.
    pub fn process() -> Environment {
        Environment { given: None }
    }

    /// These variables and nothing else; no programs are run.
    pub fn of<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Environment {
        let given = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Environment { given: Some(Arc::new(given)) }
    }

    /// A variable's value; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = match &self.given {
            Some(given) => given.get(name).cloned(),
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// The first of several variables that is set, with its name.
    pub fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, String)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// Whether programs such as gcloud may be run.
    pub(crate) fn may_run_programs(&self) -> bool {
        self.given.is_none()
    }

    /// Where gcloud writes application default credentials.
    pub(crate) fn default_credentials_file(&self) -> Option<PathBuf> {
        let folder = if let Some(own) = self.get("CLOUDSDK_CONFIG") {
            PathBuf::from(own)
        } else if cfg!(windows) {
            PathBuf::from(self.get("APPDATA")?).join("gcloud")
        } else {
            PathBuf::from(self.get("HOME")?).join(".config").join("gcloud")
        };
        Some(folder.join("application_default_credentials.json"))
    }
}

impl Default for Environment {
    fn default() -> Environment {
        Environment::process()
    }
}

/// Without values: some are secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.given.is_some() { "Environment(given)" } else { "Environment(process)" })
    }
}
