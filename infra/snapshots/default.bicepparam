// What `azd up` deploys when no variable is set, before the first image.
using '../main.bicep'

param environmentName = 'default'
param location = 'swedencentral'
