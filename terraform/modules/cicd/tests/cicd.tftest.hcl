mock_provider "google" {}

variables {
  project    = { id = "shop-dev", number = 123456789012 }
  repository = "shop/clientele"
}

run "one_repository_and_one_ref" {
  command = plan

  assert {
    condition     = google_iam_workload_identity_pool_provider.this.attribute_condition == "assertion.repository == 'shop/clientele' && assertion.ref == 'refs/heads/main'"
    error_message = google_iam_workload_identity_pool_provider.this.attribute_condition
  }
  assert {
    condition     = endswith(google_service_account_iam_member.ci["images"].member, "/attribute.repository/shop/clientele") && google_service_account_iam_member.ci["images"].role == "roles/iam.workloadIdentityUser"
    error_message = google_service_account_iam_member.ci["images"].member
  }
  assert {
    condition     = output.emails["dags"] != output.emails["images"]
    error_message = "who pushes images may deploy"
  }
}

run "any_repository_of_an_owner" {
  command = plan
  variables {
    repository = "shop/*"
  }
  expect_failures = [var.repository]
}

run "a_repository_that_closes_the_quote" {
  command = plan
  variables {
    repository = "shop/clientele' || true || '"
  }
  expect_failures = [var.repository]
}

run "any_branch" {
  command = plan
  variables {
    ref = "refs/heads/*"
  }
  expect_failures = [var.ref]
}

run "a_pull_request" {
  command = plan
  variables {
    ref = "refs/pull/1/merge"
  }
  expect_failures = [var.ref]
}
