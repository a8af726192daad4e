#!/bin/sh
# Migrates the database with the image that `azd deploy` has published, and waits for the result. azd sets the variables.
set -eu

job() {
    command=$1
    shift
    az containerapp job "$command" --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
        --name "$MIGRATION_JOB_NAME" "$@"
}

# The last deployment of the infrastructure named the image before this one.
job update --container-name migrate --image "$SERVICE_WEB_IMAGE_NAME" --output none
execution=$(job start --query name --output tsv)
echo "started $execution"

for _ in $(seq 360); do
    sleep 5
    status=$(az containerapp job execution show --subscription "$AZURE_SUBSCRIPTION_ID" \
        --resource-group "$AZURE_RESOURCE_GROUP" --name "$MIGRATION_JOB_NAME" --job-execution-name "$execution" \
        --query properties.status --output tsv)
    case $status in
    Succeeded)
        echo "the database is migrated"
        exit 0
        ;;
    Failed | Degraded | Stopped) break ;;
    esac
done
echo "the migration $execution is $status: its output is in ContainerAppConsoleLogs; repeat it with azd hooks run postdeploy" >&2
exit 1
