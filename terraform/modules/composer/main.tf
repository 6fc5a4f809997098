locals {
  agent = "serviceAccount:service-${var.project.number}@cloudcomposer-accounts.iam.gserviceaccount.com"
}

# Composer's own agent makes what an environment consists of. It has this role from the day the API is switched on; without it no
# environment can be made, or unmade.
resource "google_project_iam_member" "agent" {
  project = var.project.id
  role    = "roles/composer.serviceAgent"
  member  = local.agent
}

resource "google_composer_environment" "this" {
  project = var.project.id
  region  = var.region
  name    = var.name
  labels  = var.labels

  storage_config {
    bucket = var.bucket
  }

  config {
    environment_size           = "ENVIRONMENT_SIZE_${upper(var.size)}"
    resilience_mode            = var.resilient ? "HIGH_RESILIENCE" : "STANDARD_RESILIENCE"
    enable_private_environment = var.private
    enable_private_builds_only = var.private

    node_config {
      service_account = var.service_account
      network         = try(var.network.network, null)
      subnetwork      = try(var.network.subnetwork, null)
    }

    software_config {
      image_version            = var.image_version
      airflow_config_overrides = var.airflow_overrides
      env_variables            = var.settings

      cloud_data_lineage_integration {
        enabled = var.lineage
      }
    }

    workloads_config {
      scheduler {
        count      = var.workloads.scheduler.count
        cpu        = var.workloads.scheduler.cpu
        memory_gb  = var.workloads.scheduler.memory_gb
        storage_gb = var.workloads.scheduler.storage_gb
      }
      dag_processor {
        count      = var.workloads.dag_processor.count
        cpu        = var.workloads.dag_processor.cpu
        memory_gb  = var.workloads.dag_processor.memory_gb
        storage_gb = var.workloads.dag_processor.storage_gb
      }
      triggerer {
        count     = var.workloads.triggerer.count
        cpu       = var.workloads.triggerer.cpu
        memory_gb = var.workloads.triggerer.memory_gb
      }
      web_server {
        cpu        = var.workloads.web_server.cpu
        memory_gb  = var.workloads.web_server.memory_gb
        storage_gb = var.workloads.web_server.storage_gb
      }
      worker {
        min_count  = var.workloads.worker.min_count
        max_count  = var.workloads.worker.max_count
        cpu        = var.workloads.worker.cpu
        memory_gb  = var.workloads.worker.memory_gb
        storage_gb = var.workloads.worker.storage_gb
      }
    }

    maintenance_window {
      start_time = var.maintenance_window.start
      end_time   = var.maintenance_window.end
      recurrence = var.maintenance_window.recurrence
    }

    data_retention_config {
      airflow_metadata_retention_config {
        retention_mode = "RETENTION_MODE_ENABLED"
        retention_days = var.metadata_days
      }
    }

    dynamic "recovery_config" {
      for_each = var.snapshots == null ? [] : [var.snapshots]
      content {
        scheduled_snapshots_config {
          enabled                    = true
          snapshot_location          = recovery_config.value.location
          snapshot_creation_schedule = recovery_config.value.schedule
          time_zone                  = recovery_config.value.time_zone
        }
      }
    }

    dynamic "web_server_network_access_control" {
      for_each = length(var.web_server_ranges) == 0 ? [] : [var.web_server_ranges]
      content {
        dynamic "allowed_ip_range" {
          for_each = web_server_network_access_control.value
          content {
            value       = allowed_ip_range.key
            description = allowed_ip_range.value
          }
        }
      }
    }

    dynamic "encryption_config" {
      for_each = var.kms_key == null ? [] : [var.kms_key]
      content {
        kms_key_name = encryption_config.value
      }
    }
  }

  depends_on = [google_project_iam_member.agent]
}
