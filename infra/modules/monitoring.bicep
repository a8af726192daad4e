// The destination of logs and telemetry: a Log Analytics workspace, and Application Insights on it.
param logName string
param insightsName string
param location string
param tags { *: string }

resource log 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: logName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: log.id
  }
}

output logId string = log.id
output insightsConnection string = insights.properties.ConnectionString
