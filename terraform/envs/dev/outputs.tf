output "clientele" {
  description = "Buckets, Airflow's page, the folder of DAGs, the images' prefix, and what CI asks for."
  value = {
    buckets     = module.clientele.buckets
    dags        = module.clientele.dags
    airflow     = module.clientele.airflow
    images      = module.clientele.images
    environment = module.clientele.environment
    ci          = module.clientele.ci
  }
}

output "deployer_roles" {
  description = "Role → why whoever runs Terraform needs it, and for which resources."
  value       = module.clientele.deployer_roles
}
