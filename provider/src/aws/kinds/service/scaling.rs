//! How the number of tasks follows their load: Application Auto Scaling, with a target for CPU and one for memory.

use serde_json::{Value as Json, json};
use tfplugin::{Object, Value};

use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::objects::Changed;
use crate::aws::session::Run;
use crate::engine::marks::wire;
use crate::engine::wire;

/// How many tasks there are.
#[derive(Object, Clone)]
pub(super) struct Scaling {
    /// The fewest tasks.
    #[tf(required, ext(wire("MinCapacity")))]
    pub(super) min: Value<i64>,
    /// The most tasks.
    #[tf(required, ext(wire("MaxCapacity")))]
    pub(super) max: Value<i64>,
    /// The use of CPU that the number is to bring about, in percent.
    #[tf(optional, ext(wire("cpu.TargetTrackingScalingPolicyConfiguration.TargetValue")))]
    pub(super) cpu_utilization: Value<f64>,
    /// The use of memory that the number is to bring about, in percent.
    #[tf(optional, ext(wire("memory.TargetTrackingScalingPolicyConfiguration.TargetValue")))]
    pub(super) memory_utilization: Value<f64>,
}

/// The field of a service's JSON with its scaling.
pub(super) const SCALING: &str = "scaling";
const DIMENSION: &str = "ecs:service:DesiredCount";
const CONFIGURATION: &str = "TargetTrackingScalingPolicyConfiguration";
/// The metrics that have a word here.
const METRICS: [(&str, &str); 2] =
    [("cpu", "ECSServiceAverageCPUUtilization"), ("memory", "ECSServiceAverageMemoryUtilization")];

/// What is scaled, by the name of a service with its cluster.
fn target(name: &str) -> Json {
    json!({ "ServiceNamespace": "ecs", "ResourceId": format!("service/{name}"), "ScalableDimension": DIMENSION })
}

fn with(mut body: Json, more: Json) -> Json {
    if let (Some(fields), Json::Object(more)) = (body.as_object_mut(), more) {
        fields.extend(more);
    }
    body
}

async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    run.call(Request::new(Service::AUTO_SCALING, action, body)).await
}

/// How many targets one call describes at most.
const AT_ONCE: usize = 50;

/// What scales with these resources.
async fn targets(resources: Vec<String>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let asked = json!({ "ServiceNamespace": "ecs", "ResourceIds": resources, "ScalableDimension": DIMENSION });
    let mut answer = call("DescribeScalableTargets", asked, run).await?;
    Ok(answer["ScalableTargets"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

/// The scaling of a service; `None` where its number of tasks stands still.
pub(super) async fn read(name: &str, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let is_it = |target: &Json, resource: &str| wire::text(target, "ResourceId") == resource;
    let resource = format!("service/{name}");
    let target_of_it = run.together().ask(("scalable targets", AT_ONCE), &resource, is_it, |names| targets(names, run));
    let found = target_of_it.await?;
    // Only what can be scaled has policies.
    let Some(found) = found.first() else { return Ok(None) };
    let policies = call("DescribeScalingPolicies", target(name), run).await?;
    Ok(object(found, &policies["ScalingPolicies"]))
}

/// The scaling out of what the calls say of it.
pub(super) fn object(target: &Json, policies: &Json) -> Option<Json> {
    let mut scaling = json!({ "MinCapacity": target.get("MinCapacity")?, "MaxCapacity": target.get("MaxCapacity")? });
    for policy in policies.as_array().into_iter().flatten() {
        let metric = wire::text(
            policy,
            "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType",
        );
        let name = wire::text(policy, "PolicyName");
        match METRICS.iter().find(|(_, one)| *one == metric) {
            Some((word, _)) => {
                scaling[*word] = json!({ "PolicyName": name, CONFIGURATION: policy[CONFIGURATION] });
            }
            None => scaling["policies"][name] = json!(wire::text(policy, "PolicyType")),
        }
    }
    Some(scaling)
}

/// Makes the scaling of a service what `after` says, of what is at or below the paths that changed.
pub(super) async fn write(
    name: &str,
    (before, after): (&Json, &Json),
    changed: Option<&Changed>,
    run: Run<'_>,
) -> Result<(), ApiError> {
    let is_new = before.get(SCALING).is_none();
    let is_changed = |path: &str| changed.is_none_or(|changed| changed.has(path) || (is_new && changed.has(SCALING)));
    let Some(wanted) = after.get(SCALING) else {
        return if before.get(SCALING).is_some() { remove(name, run).await } else { Ok(()) };
    };
    if is_changed("scaling.MinCapacity") || is_changed("scaling.MaxCapacity") {
        let limits = json!({ "MinCapacity": wanted["MinCapacity"], "MaxCapacity": wanted["MaxCapacity"] });
        call("RegisterScalableTarget", with(target(name), limits), run).await?;
    }
    for (word, metric) in METRICS {
        if !is_changed(&format!("{SCALING}.{word}")) {
            continue;
        }
        let known = wire::get(before, &format!("{SCALING}.{word}.PolicyName")).cloned();
        let policy = known.unwrap_or_else(|| json!(format!("{}-{word}", name.replace('/', "-"))));
        let is_wanted = wire::get(wanted, &format!("{word}.{CONFIGURATION}.TargetValue")).is_some();
        match wanted.get(word).filter(|_| is_wanted) {
            Some(policy_wanted) => {
                let metric = json!({ "PredefinedMetricSpecification": { "PredefinedMetricType": metric } });
                let configuration = with(policy_wanted[CONFIGURATION].clone(), metric);
                let body = json!({ "PolicyName": policy, "PolicyType": "TargetTrackingScaling", CONFIGURATION: configuration });
                call("PutScalingPolicy", with(target(name), body), run).await?;
            }
            None if wire::get(before, &format!("{SCALING}.{word}")).is_some() => {
                call("DeleteScalingPolicy", with(target(name), json!({ "PolicyName": policy })), run).await?;
            }
            None => {}
        }
    }
    Ok(())
}

/// Has the number of a service's tasks stand still; its policies go with that.
pub(super) async fn remove(name: &str, run: Run<'_>) -> Result<(), ApiError> {
    call("DeregisterScalableTarget", target(name), run).await.found().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_cpu_and_memory_have_words_and_others_are_named() {
        let policy = |name: &str, metric: &str| {
            json!({
                "PolicyName": name, "PolicyType": "TargetTrackingScaling",
                CONFIGURATION: {"TargetValue": 60.0, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}},
            })
        };
        let target = json!({"MinCapacity": 1, "MaxCapacity": 4, "RoleARN": "arn:x"});
        let policies = json!([policy("a", METRICS[0].1), policy("b", "ALBRequestCountPerTarget")]);
        let found = object(&target, &policies).unwrap();
        assert_eq!(found["cpu"][CONFIGURATION]["TargetValue"], json!(60.0));
        assert_eq!(found["policies"], json!({"b": "TargetTrackingScaling"}));
        assert_eq!(object(&Json::Null, &json!([])), None);
    }
}
