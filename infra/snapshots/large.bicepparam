// A deployment with every option: zones, a standby of the database, PgBouncer, and an agent that is allowed.
using '../main.bicep'

param environmentName = 'large'
param location = 'swedencentral'
param imageName = 'registry.azurecr.io/restaurant-reviews/web-large:azd-deploy-1'
param allowedClients = '00000000-0000-4000-8000-00000000000a, 00000000-0000-4000-8000-00000000000b'
param planSku = 'P1v3'
param instances = 3
param zoneRedundant = true
param databaseTier = 'GeneralPurpose'
param databaseSku = 'Standard_D2ds_v5'
param databaseHighAvailability = 'ZoneRedundant'
param databaseStorageGB = 128
param databaseBackupDays = 35
param pgBouncer = true
