mock_provider "google" {}

variables {
  project = { id = "shop-dev", number = 123456789012 }
  labels  = { app = "clientele" }
  logs    = { namespace = "clientele" }
  emails  = { oncall = "oncall@shop.example" }
  runbook = "https://docs.shop.example/runbook.md"
}

run "json_of_pods" {
  command = plan

  assert {
    condition     = google_logging_metric.counter["failed"].filter == "resource.type=\"k8s_container\" AND resource.labels.namespace_name=\"clientele\" AND jsonPayload.message=\"step failed\" AND jsonPayload.retry=false"
    error_message = google_logging_metric.counter["failed"].filter
  }
  assert {
    condition     = google_logging_metric.distribution["seconds"].value_extractor == "EXTRACT(jsonPayload.seconds)"
    error_message = google_logging_metric.distribution["seconds"].value_extractor
  }
}

run "text_of_workers" {
  command = plan
  variables {
    logs = { environment = "clientele" }
  }

  assert {
    condition     = endswith(google_logging_metric.counter["failed"].filter, "textPayload:\"\\\"message\\\":\\\"step failed\\\"\" AND textPayload:\"\\\"retry\\\":false\"")
    error_message = google_logging_metric.counter["failed"].filter
  }
}

run "thresholds_are_bounds_in_order" {
  command = plan
  variables {
    rejected_share = 0.015
  }

  assert {
    condition     = jsonencode(google_logging_metric.distribution["rejected_share"].bucket_options[0].explicit_buckets[0].bounds) == "[0.001,0.002,0.005,0.01,0.015,0.02,0.05,0.1,0.2,0.5]"
    error_message = jsonencode(google_logging_metric.distribution["rejected_share"].bucket_options[0].explicit_buckets[0].bounds)
  }
}

run "a_step_has_its_own_limit" {
  command = plan
  variables {
    memory_bytes = { train = 8589934592 }
  }

  assert {
    condition     = [for c in google_monitoring_alert_policy.this["memory-nearly-used-up"].conditions : c.condition_threshold[0].threshold_value if endswith(c.display_name, ": train")] == [floor(8589934592 * 0.95)]
    error_message = "CLIENTELE_RESOURCES is not followed"
  }
}

run "a_factor_of_one_is_refused" {
  command = plan
  variables {
    slow_factor = 1
  }
  expect_failures = [var.slow_factor]
}

run "half_a_day_is_refused" {
  command = plan
  variables {
    model_days  = 0.5
    frozen_days = 0
  }
  expect_failures = [var.model_days, var.frozen_days]
}

run "a_budget" {
  command = plan
  variables {
    budget = { billing_account = "000000-000000-000000", amount = 500, currency = "GBP" }
  }

  assert {
    condition     = length(google_billing_budget.this[0].threshold_rules) == 4
    error_message = "three shares of what was spent, and the forecast"
  }
}

run "both_kinds_of_logs" {
  command = plan
  variables {
    logs = { environment = "clientele", namespace = "clientele" }
  }
  expect_failures = [var.logs]
}

run "nobody_to_tell" {
  command = plan
  variables {
    emails = {}
  }
  expect_failures = [var.channels]
}

run "a_runbook_that_nobody_reaches" {
  command = plan
  variables {
    runbook = "docs/runbook.md"
  }
  expect_failures = [var.runbook]
}

run "an_hour_for_a_daily_run" {
  command = plan
  variables {
    silent_hours = 1
  }
  expect_failures = [var.silent_hours]
}

run "a_limit_of_no_step" {
  command = plan
  variables {
    memory_bytes = { trian = 1 }
  }
  expect_failures = [var.memory_bytes]
}

run "slower_than_its_limit" {
  command = plan
  variables {
    slow_share = 1
  }
  expect_failures = [var.slow_share]
}
