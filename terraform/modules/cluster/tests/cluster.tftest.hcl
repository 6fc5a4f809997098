mock_provider "google" {}

variables {
  project      = "shop-dev"
  region       = "europe-west2"
  labels       = { app = "clientele" }
  network      = { network = "shop", subnetwork = "pods" }
  node_account = "clientele-nodes@shop-dev.iam.gserviceaccount.com"
}

run "private" {
  command = plan

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes && !google_container_cluster.this.control_plane_endpoints_config[0].ip_endpoints_config[0].enabled
    error_message = "nodes or the control plane have addresses"
  }
  assert {
    condition     = google_container_cluster.this.deletion_protection && google_container_cluster.this.enable_autopilot
    error_message = "want a protected Autopilot cluster"
  }
}

run "nodes_that_edit_the_project" {
  command = plan
  variables {
    node_account = "123456789012-compute@developer.gserviceaccount.com"
  }
  expect_failures = [var.node_account]
}

run "upgrades_before_others" {
  command = plan
  variables {
    release_channel = "RAPID"
  }
  expect_failures = [var.release_channel]
}
