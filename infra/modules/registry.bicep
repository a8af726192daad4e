// The registry that builds and stores the image. Only the identities that run it may pull; there is no password.
param name string
param readerPrincipalIds string[]
param location string
param tags { *: string }

// The built-in role AcrPull.
var pullRole = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

resource readers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in readerPrincipalIds: {
    scope: registry
    name: guid(registry.id, principalId, pullRole)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', pullRole)
    }
  }
]

output endpoint string = registry.properties.loginServer
