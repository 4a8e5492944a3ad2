//! Health checks: what a backend service of virtual machines asks them. Recorded in `compute-global-lb`.

use serde_json::{Value, json};

use super::link;
use super::resource::{Changes, Resource, defaults};
use crate::call::Call;
use crate::error::ApiError;
use crate::json::Object;

/// The kind.
pub(super) struct HealthCheck;

impl Resource for HealthCheck {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/healthChecks/{healthCheck}"
    }

    fn kind(&self) -> &'static str {
        "compute#healthCheck"
    }

    fn noun(&self) -> &'static str {
        "health_check"
    }

    fn changes(&self) -> Changes {
        Changes::PatchAndPut
    }

    fn prepare(&self, _: &mut Call<'_>, wanted: &mut Object, _: Option<&Value>) -> Result<(), ApiError> {
        if !wanted.contains_key("type") {
            return Err(link::invalid("Invalid value for field 'resource.type': ''."));
        }
        let five = json!(5);
        let two = json!(2);
        defaults(
            wanted,
            &[
                ("checkIntervalSec", five.clone()),
                ("timeoutSec", five),
                ("healthyThreshold", two.clone()),
                ("unhealthyThreshold", two),
            ],
        );
        Ok(())
    }
}
