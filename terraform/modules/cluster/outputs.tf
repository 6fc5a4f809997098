output "name" {
  description = "Name of the cluster, which CLIENTELE_GKE_CLUSTER is set to."
  value       = google_container_cluster.this.name
}
