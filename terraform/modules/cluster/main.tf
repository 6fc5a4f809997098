# Autopilot: nodes are Google's, Workload Identity is always on, and a pod pays for what it asks for.
resource "google_container_cluster" "this" {
  project             = var.project
  location            = var.region
  name                = var.name
  resource_labels     = var.labels
  enable_autopilot    = true
  network             = var.network.network
  subnetwork          = var.network.subnetwork
  deletion_protection = var.deletion_protection

  private_cluster_config {
    enable_private_nodes = true
  }

  # Airflow reaches the control plane by its DNS name, where IAM decides, and nobody by an address.
  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
    ip_endpoints_config {
      enabled = false
    }
  }

  release_channel {
    channel = var.release_channel
  }

  cluster_autoscaling {
    auto_provisioning_defaults {
      service_account = var.node_account
    }
  }
}
