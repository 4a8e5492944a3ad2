# What whoever is woken up reads first.
locals {
  runbooks = {
    api_downtime = <<-EOT
      # API downtime

      The CT Scan API is answering with server errors. Open the `ct-scan-api` service in the Cloud Run console, check that the newest revision is Ready and receives all traffic, and read the last fifty error log lines of that revision. If the trouble began with a deployment, send traffic back to the previous revision; if the model volume cannot be mounted, check that the models bucket is reachable. Call the on-call engineer when the service is not healthy again within fifteen minutes.
    EOT

    high_error_rate = <<-EOT
      # High error rate

      More than one request in twenty fails. Group the failing requests by path and response code first, because a single bad client often explains the whole rate. Compare the start of the errors with the deployment list and with changes to the configuration file on the mounted bucket, roll back whichever changed last, and watch the rate for ten minutes before you close the incident.
    EOT

    memory_exhaustion = <<-EOT
      # Memory exhaustion

      Containers use most of their 4 GiB. Look at the memory chart per revision: a step means a larger model was loaded, a slope means a leak. Lower the request concurrency to get immediate relief, then raise the memory limit or return to the smaller model, and note the peak value in the incident so that the alert threshold can be judged afterwards.
    EOT

    crash_loop = <<-EOT
      # Container crash loop

      Instances keep restarting. Read the first log lines after a start, not the last ones before the crash, since a missing model file or a bad environment variable shows up there. Confirm that the checkpoint and feature metadata paths exist on the mounted bucket, start the same image locally with the same variables, and pin traffic to the last good revision until the cause is known.
    EOT

    high_latency = <<-EOT
      # High latency

      The slowest five percent of requests take longer than two seconds. Check whether new instances are being started, because loading the model dominates a cold start, and whether uploads have grown in size. If latency follows traffic, raise the minimum number of instances for the busy hours; if it follows a release, profile that release before it stays in production.
    EOT

    elevated_error_rate = <<-EOT
      # Elevated error rate

      Errors stay slightly above normal for a quarter of an hour. This alert does not wake anybody: collect a sample of failing requests, open a ticket with the trace links, and decide during working hours whether the cause is bad input, a flaky dependency or a regression. Treat it as the high error rate alert when the rate doubles.
    EOT

    high_cpu_usage = <<-EOT
      High CPU usage detected. Monitor for performance degradation.
    EOT
  }
}
